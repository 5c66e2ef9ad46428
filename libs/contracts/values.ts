import { InvalidInputError } from './errors.js';
import type { FieldParser } from './json-fields.js';
import { MAX_PORTS_PER_ALIAS, parseAliasPorts } from './ports.js';
import { formatSelector, parseLabel, parseSelector } from './selectors.js';

export const MAX_WAIT_SECONDS = 300;
export const MIN_STALENESS_SECONDS = 60;
export const MAX_STALENESS_SECONDS = 30 * 86_400;
const MAX_LABELS = 32;

/** A list of ports as given in a request; throws InvalidInputError. */
export function parsePortList(value: unknown, field: string): unknown {
  if (!Array.isArray(value)) throw new InvalidInputError(field, value, `a list of 1 to ${MAX_PORTS_PER_ALIAS} ports`);
  return parseAliasPorts(value, field);
}

/** A selector in its printed form, as events and questions have it; throws InvalidInputError. */
export function parseSelectorText(value: unknown, field: string): string {
  return formatSelector(parseSelector(value, field));
}

/** A whole number in decimal, as text (query) or number (body); throws InvalidInputError. */
export function wholeNumber(least: number, most: number): FieldParser<number> {
  return (value, field) => {
    const text = typeof value === 'number' ? String(value) : value;
    if (typeof text !== 'string' || !/^(0|[1-9][0-9]{0,14})$/.test(text)) {
      throw new InvalidInputError(field, value, `a whole number from ${least} to ${most}`);
    }
    const number = Number(text);
    if (number < least || number > most) {
      throw new InvalidInputError(field, value, `a whole number from ${least} to ${most}`);
    }
    return number;
  };
}

/** `true` or `false`, as text or boolean; throws InvalidInputError. */
export function parseBoolean(value: unknown, field: string): boolean {
  if (value === true || value === 'true') return true;
  if (value === false || value === 'false') return false;
  throw new InvalidInputError(field, value, 'true or false');
}

/** Printable text of a length within bounds; throws InvalidInputError, which does not quote the value. */
export function boundedText(least: number, most: number, accepted: string): FieldParser<string> {
  return (value, field) => {
    if (typeof value !== 'string' || value.length < least || value.length > most) {
      throw new InvalidInputError(
        field,
        typeof value === 'string' ? `${value.length} characters` : typeof value,
        accepted,
      );
    }
    return value;
  };
}

/** `{key: value}` of at most 32 labels; throws InvalidInputError. */
export function parseLabels(value: unknown, field: string): { readonly [key: string]: string } {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || Object.keys(value).length > MAX_LABELS) {
    throw new InvalidInputError(field, value, `an object of at most ${MAX_LABELS} labels`);
  }
  return Object.fromEntries(Object.entries(value).map(([key, label]) => parseLabel(key, label, `${field}.${key}`)));
}

/** A list of at most 32 label keys; throws InvalidInputError. */
export function parseLabelKeys(value: unknown, field: string): readonly string[] {
  if (!Array.isArray(value) || value.length > MAX_LABELS) {
    throw new InvalidInputError(field, value, `a list of at most ${MAX_LABELS} label keys`);
  }
  return value.map((key) => parseLabel(key, 'x', field)[0]);
}

/** A filter `key=value` or `key`; throws InvalidInputError. */
export function parseLabelFilter(value: unknown, field: string): LabelFilter {
  if (typeof value !== 'string') throw new InvalidInputError(field, value, 'a label as key or key=value');
  const equals = value.indexOf('=');
  if (equals < 0) return { key: parseLabel(value, 'x', field)[0], value: null };
  const [key, label] = parseLabel(value.slice(0, equals), value.slice(equals + 1), field);
  return { key, value: label };
}

export interface LabelFilter {
  readonly key: string;
  /** null: the key with any value. */
  readonly value: string | null;
}
