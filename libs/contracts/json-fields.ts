import { InvalidInputError } from './errors.js';

/** Parses an untrusted value; throws InvalidInputError with the field's name. */
export type FieldParser<T> = (value: unknown, field: string) => T;

/** A JSON object whose members are not parsed yet; throws InvalidInputError. */
export function parseObject(value: unknown, field: string): { readonly [key: string]: unknown } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InvalidInputError(field, value, 'an object');
  }
  return value as { readonly [key: string]: unknown };
}

/** A list of at most `most` items, each parsed; throws InvalidInputError with the item's name. */
export function listOf<T>(parseItem: FieldParser<T>, most: number): FieldParser<readonly T[]> {
  return (value, field) => {
    if (!Array.isArray(value) || value.length > most) {
      const found = Array.isArray(value) ? `${value.length} items` : value;
      throw new InvalidInputError(field, found, `a list of at most ${most} items`);
    }
    return value.map((item, index) => parseItem(item, `${field}[${index}]`));
  };
}

/** A whole JSON number within bounds; throws InvalidInputError. */
export function integerBetween(least: number, most: number): FieldParser<number> {
  return (value, field) => {
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < least || value > most) {
      throw new InvalidInputError(field, value, `a whole number from ${least} to ${most}`);
    }
    // JSON has -0, which would be written as 0.
    return value === 0 ? 0 : value;
  };
}

/** Whether a database can store it: well-formed UTF-16 without NUL. */
const isStorable = (text: string): boolean => text.isWellFormed() && !text.includes('\0');

/** Well-formed text of at most `most` characters without NUL; throws InvalidInputError. */
export function textUpTo(most: number): FieldParser<string> {
  return (value, field) => {
    if (typeof value !== 'string' || value.length > most || !isStorable(value)) {
      throw new InvalidInputError(
        field,
        typeof value === 'string' ? `${value.length} characters` : value,
        `well-formed text of at most ${most} characters`,
      );
    }
    return value;
  };
}

/** One of these words; throws InvalidInputError. */
export function wordOf<T extends string>(words: readonly T[]): FieldParser<T> {
  return (value, field) => {
    const word = words.find((candidate) => candidate === value);
    if (word === undefined) throw new InvalidInputError(field, value, `one of ${words.join(', ')}`);
    return word;
  };
}

/** Keeps null and parses anything else. */
export function nullOr<T>(parse: FieldParser<T>): FieldParser<T | null> {
  return (value, field) => (value === null ? null : parse(value, field));
}

/**
 * An object with exactly these members, which are not parsed yet; throws InvalidInputError with the name of a missing
 * or unknown one.
 */
export function parseMembers<Key extends string>(
  value: unknown,
  field: string,
  keys: readonly Key[],
): { readonly [key in Key]: unknown } {
  const object = parseObject(value, field);
  const unknown = Object.keys(object).find((key) => !(keys as readonly string[]).includes(key));
  if (unknown !== undefined) throw new InvalidInputError(field, unknown, `no members but ${keys.join(', ')}`);
  const missing = keys.find((key) => !Object.hasOwn(object, key));
  if (missing !== undefined) throw new InvalidInputError(`${field}.${missing}`, undefined, 'a value');
  return object as { readonly [key in Key]: unknown };
}

/**
 * As parseMembers, with members that may be left out. An unknown or missing member is named by its own path, so that
 * whoever reads the object from a file can tell where it stands.
 */
export function parseSomeMembers<Key extends string, Other extends string>(
  value: unknown,
  field: string,
  required: readonly Key[],
  optional: readonly Other[],
): { readonly [key in Key]: unknown } & { readonly [key in Other]?: unknown } {
  const object = parseObject(value, field);
  const known: readonly string[] = [...required, ...optional];
  const pathOf = (key: string) => (field === '' ? key : `${field}.${key}`);
  const unknown = Object.keys(object).find((key) => !known.includes(key));
  if (unknown !== undefined) {
    throw new InvalidInputError(pathOf(unknown), unknown, `a member called ${known.join(', ')}`, 'UNKNOWN_FIELD');
  }
  const missing = required.find((key) => !Object.hasOwn(object, key));
  if (missing !== undefined) throw new InvalidInputError(pathOf(missing), undefined, 'a value', 'FIELD_MISSING');
  return object as { readonly [key in Key]: unknown } & { readonly [key in Other]?: unknown };
}

/** true or false; throws InvalidInputError. */
export const parseTrueOrFalse: FieldParser<boolean> = (value, field) => {
  if (typeof value !== 'boolean') throw new InvalidInputError(field, value, 'true or false');
  return value;
};
