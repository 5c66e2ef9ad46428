import { InvalidInputError } from '#libs/contracts/errors.js';
import { type AliasName, parseAliasName } from '#libs/contracts/ids.js';
import { parsePort } from '#libs/contracts/ports.js';

export interface Destination {
  readonly alias: AliasName;
  readonly port: number;
}

/** `api:8080`; throws InvalidInputError. */
export function parseDestination(text: string, field: string): Destination {
  const colon = text.lastIndexOf(':');
  if (colon < 0) throw new InvalidInputError(field, text, 'an alias and a published port, such as api:8080');
  return { alias: parseAliasName(text.slice(0, colon), field), port: parsePort(text.slice(colon + 1), field) };
}
