import { InvalidInputError } from './errors.js';

/** One port of an alias: the published one, which clients dial, and the one inside the sandbox. */
export type AliasPort = {
  readonly published: number;
  readonly target: number;
};

export const MAX_PORTS_PER_ALIAS = 32;
const ACCEPTED = 'a TCP port from 1 to 65535, such as 8080, or published:inside, such as 80:8080';

const UDP_OF_RULE =
  'give the TCP port, such as 443: only TCP is carried; UDP and QUIC are refused, and clients fall back to TCP';

/** `8080`, or `80:8080` if the port inside differs. */
export function portText({ published, target }: AliasPort): string {
  return published === target ? String(published) : `${published}:${target}`;
}

/** A TCP port as decimal text or number; throws InvalidInputError. */
export function parsePort(value: unknown, field: string): number {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string' || !/^[1-9][0-9]{0,4}$/.test(text) || Number(text) > 65_535) {
    throw new InvalidInputError(field, value, 'a port from 1 to 65535');
  }
  return Number(text);
}

/**
 * The port of a rule or question, as in parsePort or with `/tcp`; throws InvalidInputError, with a code of its own for
 * UDP.
 */
export function parseTcpPort(value: unknown, field: string): number {
  refuseUdp(value, field, UDP_OF_RULE);
  return parsePort(typeof value === 'string' ? value.replace(/\/tcp$/i, '') : value, field);
}

function refuseUdp(value: unknown, field: string, remedy: string): void {
  if (typeof value !== 'string' || !/\/(udp|quic)$/i.test(value)) return;
  throw new InvalidInputError(field, value, 'a TCP port', 'UDP_UNSUPPORTED', remedy);
}

/**
 * `8080`, `80:8080`, each also with `/tcp`, or `{published, target}` as in answers; throws InvalidInputError, with a
 * code of its own for UDP.
 */
export function parseAliasPort(value: unknown, field: string): AliasPort {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return parsePortPair({ ...value }, field);
  refuseUdp(value, field, 'publish a TCP port; UDP is not carried yet');
  const text = typeof value === 'number' ? String(value) : value;
  const match = typeof text === 'string' ? /^(\d{1,5})(?::(\d{1,5}))?(?:\/tcp)?$/.exec(text) : null;
  if (match === null) throw new InvalidInputError(field, value, ACCEPTED);
  const published = parsePort(match[1], field);
  return { published, target: match[2] === undefined ? published : parsePort(match[2], field) };
}

function parsePortPair(pair: { readonly [member: string]: unknown }, field: string): AliasPort {
  const { published, target = published, ...others } = pair;
  const [other] = Object.keys(others);
  if (other !== undefined) throw new InvalidInputError(field, other, 'the members published and target alone');
  return { published: parsePort(published, `${field}.published`), target: parsePort(target, `${field}.target`) };
}

/** 1 to 32 ports with distinct published numbers, sorted; throws InvalidInputError. */
export function parseAliasPorts(values: readonly unknown[], field: string): readonly AliasPort[] {
  if (values.length < 1 || values.length > MAX_PORTS_PER_ALIAS) {
    throw new InvalidInputError(field, values, `1 to ${MAX_PORTS_PER_ALIAS} ports`);
  }
  const ports = values.map((value) => parseAliasPort(value, field)).sort((a, b) => a.published - b.published);
  const twice = ports.find((port, index) => port.published === ports[index - 1]?.published);
  if (twice) throw new InvalidInputError(field, twice.published, 'each published port once');
  return ports;
}
