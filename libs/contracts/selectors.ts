import { CodedError, InvalidInputError } from './errors.js';
import { type AliasName, parseAliasName, parseSandboxId, parseUserName, type SandboxId, type UserName } from './ids.js';

/** Who a rule or a question is about. */
export type Selector =
  | { readonly kind: 'local' }
  | { readonly kind: 'local-user'; readonly user: UserName }
  | { readonly kind: 'sandbox'; readonly sandboxId: SandboxId }
  | { readonly kind: 'label'; readonly key: string; readonly value: string }
  | { readonly kind: 'any' }
  | { readonly kind: 'alias'; readonly alias: AliasName };

export const LABEL_KEY = /^[a-z0-9]([a-z0-9._/-]{0,61}[a-z0-9])?$/;
export const LABEL_VALUE = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
const ACCEPTED = 'local, local:<user>, sandbox:<id>, label:<key>=<value>, any, or an alias of the network';

/** One label; throws InvalidInputError. */
export function parseLabel(key: unknown, value: unknown, field: string): readonly [string, string] {
  if (typeof key !== 'string' || !LABEL_KEY.test(key)) {
    throw new InvalidInputError(field, key, 'a label key of 1 to 63 of a-z, 0-9, . _ / and -');
  }
  if (typeof value !== 'string' || !LABEL_VALUE.test(value)) {
    throw new InvalidInputError(field, value, 'a label value of 1 to 63 letters, digits, . _ and -');
  }
  return [key, value];
}

/** A selector from its printed form; throws InvalidInputError. */
export function parseSelector(text: unknown, field: string): Selector {
  if (typeof text !== 'string' || text.length === 0) throw new InvalidInputError(field, text, ACCEPTED);
  if (text === 'local') return { kind: 'local' };
  if (text === 'any') return { kind: 'any' };
  const colon = text.indexOf(':');
  if (colon < 0) {
    try {
      return { kind: 'alias', alias: parseAliasName(text, field) };
    } catch (error) {
      if (error instanceof CodedError) throw new InvalidInputError(field, text, ACCEPTED);
      throw error;
    }
  }
  const rest = text.slice(colon + 1);
  switch (text.slice(0, colon)) {
    case 'local':
      return { kind: 'local-user', user: parseUserName(rest, field) };
    case 'sandbox':
      return { kind: 'sandbox', sandboxId: parseSandboxId(rest, field) };
    case 'label': {
      const equals = rest.indexOf('=');
      if (equals < 0) throw new InvalidInputError(field, text, ACCEPTED);
      const [key, value] = parseLabel(rest.slice(0, equals), rest.slice(equals + 1), field);
      return { kind: 'label', key, value };
    }
    default:
      throw new InvalidInputError(field, text, ACCEPTED);
  }
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
/** A selector may stand for several sources, and they may differ. */
export type SelectorEffect = (typeof SELECTOR_EFFECTS)[number];
