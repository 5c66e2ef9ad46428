import { InvalidInputError } from './errors.js';
import { type AliasName, DNS_SUFFIX, type OutsideName, type OutsidePattern, parseAliasName } from './ids.js';

/** The destination of a flow: an alias, which has no dot, or a name outside, which has at least one. */
export type DestinationName = AliasName | OutsideName;

/** Characters of a name in dotted form without the trailing dot (RFC 1035 section 2.3.4). */
const MAX_NAME_CHARACTERS = 253;
const WILDCARD = '*.';
/** RFC 1123 section 2.1, in lower case. */
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const IPV4_LIKE = /^(\d+|0x[0-9a-f]*)$/;

export const OUTSIDE_NAME_FORM = 'a name such as packages.example.com, or *.example.com for every name below it';
const REMEDY_ADDRESS = 'give the name that leads to the address: addresses cannot be allowed';

function refuse(field: string, found: unknown, expected: string, code: string, remedy: string | null = null): never {
  throw new InvalidInputError(field, found, expected, code, remedy);
}

/**
 * A name outside in the form of events, snapshots and DNS: lower-case ASCII labels, at least two, no trailing dot.
 * Throws InvalidInputError: OUTSIDE_NAME_INVALID, ADDRESS_NOT_A_NAME, INSIDE_NAME.
 */
export function parseOutsideName(value: unknown, field: string): OutsideName {
  if (typeof value !== 'string') return refuse(field, value, OUTSIDE_NAME_FORM, 'OUTSIDE_NAME_INVALID');
  return checkedName(value, value, 2, field) as OutsideName;
}

/** A name outside, or `*.` before one. Throws as parseOutsideName, and WILDCARD_MISPLACED. */
export function parseOutsidePattern(value: unknown, field: string): OutsidePattern {
  if (typeof value !== 'string') return refuse(field, value, OUTSIDE_NAME_FORM, 'OUTSIDE_NAME_INVALID');
  const base = value.startsWith(WILDCARD) ? value.slice(WILDCARD.length) : value;
  if (base.includes('*')) {
    return refuse(field, value, 'a * that is the whole first label, such as *.example.com', 'WILDCARD_MISPLACED');
  }
  checkedName(base, value, base === value ? 2 : 1, field);
  return value as OutsidePattern;
}

function checkedName(name: string, found: string, leastLabels: number, field: string): string {
  if (looksLikeAddress(name)) return refuse(field, found, OUTSIDE_NAME_FORM, 'ADDRESS_NOT_A_NAME', REMEDY_ADDRESS);
  if (name.length > MAX_NAME_CHARACTERS) {
    return refuse(field, found, `a name of at most ${MAX_NAME_CHARACTERS} characters`, 'OUTSIDE_NAME_INVALID');
  }
  if (name.endsWith('.')) return refuse(field, found, 'a name without a dot at its end', 'OUTSIDE_NAME_INVALID');
  const labels = name.split('.');
  const isName = labels.every((label) => LABEL.test(label));
  if (!isName) {
    const expected = `${OUTSIDE_NAME_FORM}, each label 1 to 63 of a-z, 0-9 and -, not beginning or ending with -`;
    return refuse(field, found, expected, 'OUTSIDE_NAME_INVALID');
  }
  if (labels.length < leastLabels) {
    return refuse(field, found, `${OUTSIDE_NAME_FORM}, with at least one dot in the name`, 'OUTSIDE_NAME_INVALID');
  }
  if (labels.at(-1) === DNS_SUFFIX) {
    const [alias = '<alias>', network = '<network>'] = labels.length === 3 ? labels : [];
    const remedy = `allow an alias with \`gstacks network policy allow ${network} --from <selector> --to ${alias} --port <port>\``;
    return refuse(field, found, `a name outside ${DNS_SUFFIX}`, 'INSIDE_NAME', remedy);
  }
  return name;
}

/** An IPv4 or IPv6 address, a range of addresses, or a form that some clients read as an IPv4 address. */
function looksLikeAddress(text: string): boolean {
  if (text.includes(':') || text.startsWith('[')) return true;
  const [address = ''] = text.split('/');
  return IPV4_LIKE.test(address.split('.').at(-1) ?? '');
}

export function isWildcard(pattern: OutsidePattern): boolean {
  return pattern.startsWith(WILDCARD);
}

/** The name itself, or the name after the `*.` of a wildcard. */
export function baseOf(pattern: OutsidePattern): string {
  return isWildcard(pattern) ? pattern.slice(WILDCARD.length) : pattern;
}

/** `example.com` and `com` for `a.example.com`: the bases of the wildcards that cover it. */
export function parentsOf(name: string): readonly string[] {
  const labels = name.split('.');
  return labels.slice(1).map((_, index) => labels.slice(index + 1).join('.'));
}

/** Whether a pattern covers a name: `*.example.com` covers every depth below example.com, and not example.com. */
export function covers(pattern: OutsidePattern, name: OutsideName): boolean {
  return isWildcard(pattern) ? name.endsWith(pattern.slice(1)) : pattern === (name as string);
}

export function isOutsideName(name: DestinationName): name is OutsideName {
  return name.includes('.');
}

/** Whether a name is below the suffix of the networks: an alias was meant. */
export function isInsideName(name: string): boolean {
  return name.replace(/\.$/, '').endsWith(`.${DNS_SUFFIX}`);
}

/** An alias or a name outside; throws InvalidInputError. */
export function parseDestinationName(value: unknown, field: string): DestinationName {
  return typeof value === 'string' && value.includes('.') && !isInsideName(value)
    ? parseOutsideName(value, field)
    : parseAliasName(value, field);
}
