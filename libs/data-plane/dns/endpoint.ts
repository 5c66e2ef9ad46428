import { isIP } from 'node:net';
import { InvalidInputError } from '#libs/contracts/errors.js';
import { parsePort } from '#libs/contracts/ports.js';

/** An IP address and a port. */
export interface Endpoint {
  readonly address: string;
  readonly family: 4 | 6;
  readonly port: number;
}

const ACCEPTED = 'address:port, such as 127.0.0.1:53 or [::1]:53';

/**
 * `127.0.0.1:53` or `[::1]:53`; throws InvalidInputError. Host names are refused, since a resolver cannot resolve its
 * own name.
 */
export function parseEndpoint(value: unknown, field: string): Endpoint {
  const match = typeof value === 'string' ? /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(value) : null;
  const address = match?.[1] ?? match?.[2] ?? '';
  const family = isIP(address);
  if (match === null || (family !== 4 && family !== 6) || (family === 6) !== (match[1] !== undefined)) {
    throw new InvalidInputError(field, value, ACCEPTED);
  }
  return { address, family, port: parsePort(match[3], field) };
}
