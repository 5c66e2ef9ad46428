import { InvalidInputError } from '#libs/contracts/errors.js';
import { parsePort } from '#libs/contracts/ports.js';

/** Where a peer is dialled. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** `host:port` or `[v6]:port`; throws InvalidInputError. */
export function parseEndpoint(text: string, field: string, zeroAllowed: boolean): Endpoint {
  const match = /^(?:\[([0-9a-fA-F:.%a-z]{2,64})\]|([A-Za-z0-9.-]{1,253})):([0-9]{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  if (host === undefined) throw new InvalidInputError(field, text, 'host:port, IPv6 addresses in brackets');
  const port = match?.[3] === '0' && zeroAllowed ? 0 : parsePort(match?.[3], field);
  return { host, port };
}

/** The inverse of parseEndpoint. */
export function formatEndpoint(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
