import { InvalidInputError } from '../errors.js';
import { type FieldParser, integerBetween, textUpTo } from '../json-fields.js';

/** A count or a version in a message: a whole number within bounds. */
export const counter = integerBetween(0, Number.MAX_SAFE_INTEGER);

/** A stable code, such as PLACEMENT_CONFLICT. */
export const codeText = textUpTo(64);
/** A sentence or two for people. */
export const sentence = textUpTo(1_000);

/** Throws InvalidInputError. */
export const parseHash: FieldParser<string> = (value, field) => {
  if (typeof value !== 'string' || !/^[0-9a-f]{64}$/.test(value)) {
    throw new InvalidInputError(field, value, 'a SHA-256 in 64 hexadecimal digits');
  }
  return value;
};

/** A new one at each start of an agent's process. Throws InvalidInputError. */
export const parseBootId: FieldParser<string> = (value, field) => {
  if (typeof value !== 'string' || !/^[A-Za-z0-9-]{1,64}$/.test(value)) {
    throw new InvalidInputError(field, value, '1 to 64 of letters, digits and -');
  }
  return value;
};
