import { InvalidInputError } from '#libs/contracts/errors.js';
import type { FieldParser } from '#libs/contracts/json-fields.js';

/** The id of a token or session as in lists; throws InvalidInputError. */
export function parseRowId(what: string): FieldParser<string> {
  return (value, field) => {
    if (typeof value !== 'string' || !/^[0-9a-f-]{36}$/.test(value)) {
      throw new InvalidInputError(field, value, `the id of ${what}, as listed`);
    }
    return value;
  };
}
