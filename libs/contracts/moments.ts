import { InvalidInputError } from './errors.js';
import type { FieldParser } from './json-fields.js';
import { parseTime } from './times.js';

/** A point in a network's past: a version or a time. */
export type Moment =
  | { readonly kind: 'version'; readonly version: number }
  | { readonly kind: 'time'; readonly at: Date };

const VERSION = /^[1-9][0-9]{0,14}$/;

/** `14`, or a time in RFC 3339; throws InvalidInputError. */
export const parseMoment: FieldParser<Moment> = (value, field) => {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text === 'string' && VERSION.test(text)) return { kind: 'version', version: Number(text) };
  try {
    return { kind: 'time', at: new Date(parseTime(text, field)) };
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    throw new InvalidInputError(field, value, 'a version such as 14, or a time such as 2026-01-31T10:00:00Z');
  }
};
