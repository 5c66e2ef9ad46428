import { InvalidInputError } from './errors.js';
import type { FieldParser } from './json-fields.js';

/** RFC 3339 section 5.6, to the nanosecond at most. */
const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;

/** Checks that the text is a time, and returns it unchanged. Throws InvalidInputError. */
export const parseTime: FieldParser<string> = (value, field) => {
  if (typeof value !== 'string' || !RFC_3339.test(value) || Number.isNaN(Date.parse(value))) {
    throw new InvalidInputError(field, value, 'a time as in RFC 3339');
  }
  return value;
};

/** A time in the one form that hashes and texts compare by: UTC to the millisecond. Throws InvalidInputError. */
export const parseInstant: FieldParser<string> = (value, field) => {
  const time = parseTime(value, field);
  const instant = new Date(time).toISOString();
  if (instant !== time) throw new InvalidInputError(field, value, `UTC to the millisecond, such as ${instant}`);
  return time;
};
