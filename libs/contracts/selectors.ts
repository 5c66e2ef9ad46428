import { CodedError, InvalidInputError } from './errors.js';
import {
  type AliasName,
  FullNameError,
  parseAliasName,
  parseSandboxId,
  parseUserName,
  type SandboxId,
  type UserName,
} from './ids.js';

/** Whom a rule or a question is about. */
export type Selector =
  | { readonly kind: 'local' }
  | { readonly kind: 'local-user'; readonly user: UserName }
  | { readonly kind: 'sandbox'; readonly sandboxId: SandboxId }
  | { readonly kind: 'label'; readonly key: string; readonly value: string }
  | { readonly kind: 'any' }
  | { readonly kind: 'alias'; readonly alias: AliasName };

/** A selector of one kind. */
type SelectorOf<Kind extends Selector['kind']> = Extract<Selector, { readonly kind: Kind }>;

export const LABEL_KEY = /^[a-z0-9]([a-z0-9._/-]{0,61}[a-z0-9])?$/;
export const LABEL_VALUE = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;

/** The written form of each kind of selector, for people. */
export const SELECTOR_FORM_OF: { readonly [Kind in Selector['kind']]: string } = {
  local: 'local',
  'local-user': 'local:<user>',
  sandbox: 'sandbox:<id>',
  label: 'label:<key>=<value>',
  any: 'any',
  alias: 'an alias of the network',
};
const FORMS = Object.values(SELECTOR_FORM_OF);
/** `local, local:<user>, ..., or an alias of the network`: every form, for help texts and errors. */
export const SELECTOR_FORMS = `${FORMS.slice(0, -1).join(', ')}, or ${FORMS.at(-1)}`;

/** One label, key and value; throws InvalidInputError. */
export function parseLabel(key: unknown, value: unknown, field: string): readonly [string, string] {
  if (typeof key !== 'string' || !LABEL_KEY.test(key)) {
    throw new InvalidInputError(field, key, 'a label key of 1 to 63 of a-z, 0-9, . _ / and -');
  }
  if (typeof value !== 'string' || !LABEL_VALUE.test(value)) {
    throw new InvalidInputError(field, value, 'a label value of 1 to 63 letters, digits, . _ and -');
  }
  return [key, value];
}

type PrefixedKind = Exclude<Selector['kind'], 'local' | 'any' | 'alias'>;

/** The kinds written as `<prefix>:<rest>`, each with its prefix and the parser of the rest. */
const PREFIXED: {
  readonly [Kind in PrefixedKind]: {
    readonly prefix: string;
    readonly parse: (rest: string, field: string) => SelectorOf<Kind>;
  };
} = {
  'local-user': {
    prefix: 'local',
    parse: (user, field) => ({ kind: 'local-user', user: parseUserName(user, field) }),
  },
  sandbox: {
    prefix: 'sandbox',
    parse: (id, field) => ({ kind: 'sandbox', sandboxId: parseSandboxId(id, field) }),
  },
  label: { prefix: 'label', parse: parseLabelSelector },
};
const PREFIXES = Object.values(PREFIXED).map(({ prefix, parse }) => ({ start: `${prefix}:`, parse }));

/** Parses the printed form of a selector; throws InvalidInputError. */
export function parseSelector(text: unknown, field: string): Selector {
  if (typeof text !== 'string') throw new InvalidInputError(field, text, SELECTOR_FORMS);
  if (text === 'local' || text === 'any') return { kind: text };
  for (const { start, parse } of PREFIXES) if (text.startsWith(start)) return parse(text.slice(start.length), field);
  return parseAliasSelector(text, field);
}

/** A text without a known prefix may be meant as any kind, so the error lists all forms. */
function parseAliasSelector(text: string, field: string): SelectorOf<'alias'> {
  try {
    return { kind: 'alias', alias: parseAliasName(text, field) };
  } catch (error) {
    if (error instanceof CodedError && !(error instanceof FullNameError))
      throw new InvalidInputError(field, text, SELECTOR_FORMS);
    throw error;
  }
}

function parseLabelSelector(rest: string, field: string): SelectorOf<'label'> {
  const equals = rest.indexOf('=');
  if (equals < 0) throw new InvalidInputError(field, `label:${rest}`, SELECTOR_FORMS);
  const [key, value] = parseLabel(rest.slice(0, equals), rest.slice(equals + 1), field);
  return { kind: 'label', key, value };
}

/** The inverse of parseSelector. */
export function formatSelector(selector: Selector): string {
  switch (selector.kind) {
    case 'local':
    case 'any':
      return selector.kind;
    case 'local-user':
      return `local:${selector.user}`;
    case 'sandbox':
      return `sandbox:${selector.sandboxId}`;
    case 'label':
      return `label:${selector.key}=${selector.value}`;
    case 'alias':
      return selector.alias;
  }
}

export const SELECTOR_EFFECTS = ['allow', 'deny', 'mixed'] as const;
/** mixed: the selector stands for several sources with different verdicts. */
export type SelectorEffect = (typeof SELECTOR_EFFECTS)[number];
