import { InvalidInputError } from '#libs/contracts/errors.js';
import { type AliasName, parseAliasName } from '#libs/contracts/ids.js';
import { isInsideName } from '#libs/contracts/outside-names.js';
import { parseTcpPort } from '#libs/contracts/ports.js';

export interface Destination<Name extends string = AliasName> {
  readonly alias: Name;
  readonly port: number;
}

/** `api:8080`; throws InvalidInputError. */
export function parseDestination(text: string, field: string): Destination {
  const { alias, port } = nameAndPort(text, field);
  return { alias: parseAliasName(alias, field), port };
}

/** As parseDestination, or `packages.example.com:443`, whose name the control plane checks. */
export function parseTestDestination(text: string, field: string): Destination<string> {
  const { alias, port } = nameAndPort(text, field);
  return { alias: /[.[:]/.test(alias) && !isInsideName(alias) ? alias : parseAliasName(alias, field), port };
}

function nameAndPort(text: string, field: string): Destination<string> {
  const colon = text.lastIndexOf(':');
  if (colon < 0) throw new InvalidInputError(field, text, 'an alias or a name and a port, such as api:8080');
  return { alias: text.slice(0, colon), port: parseTcpPort(text.slice(colon + 1), field) };
}
