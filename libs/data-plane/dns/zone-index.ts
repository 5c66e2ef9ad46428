import { isIP } from 'node:net';
import { InvalidInputError } from '#libs/contracts/errors.js';
import { DNS_SUFFIX, parseAliasName, parseNetworkName } from '#libs/contracts/ids.js';
import { aliasPayload, aliasReply, portReply } from './alias-records.js';
import { buildNameTable, isSameName, type NameEntry, type NameTable } from './name-table.js';
import { indexPatterns, type PatternSet } from './outside-patterns.js';
import { EXTENDED_ERROR, HEADER_BYTES, RCODE, TYPE } from './protocol.js';
import type { Query } from './query.js';
import { absenceReply, authorityReply, bareReply, type Reply, serverReply } from './responses.js';
import type { DnsZone } from './zone.js';

/** What is said of a zone as a whole; the suffix itself is one, and each network below it. */
interface ApexReplies {
  readonly absent: Reply;
  readonly noData: Reply;
  readonly authority: Reply;
  readonly servers: Reply;
}

/** A zone made ready to answer from: every answer encoded, every name in wire form. */
export interface ZoneIndex {
  readonly revision: number;
  readonly zone: DnsZone;
  /** The value is the number of the name's zone in `zones`; the payload is an alias's, none for an apex. */
  readonly names: NameTable;
  /** The suffix, then the networks. */
  readonly zones: readonly ApexReplies[];
  /** By the client's source address: one octet for each zone, 0 if the client may not see that zone. */
  readonly clients: ReadonlyMap<string, ClientZones>;
  /** By the client's source address: which names outside it may reach. */
  readonly outside: ReadonlyMap<string, PatternSet>;
}

export type ClientZones = Uint8Array;

/** A zone that exists for a client. */
const EXISTS = 1;
/** Of the suffix: networks that are not known here may exist for this client. */
const EXISTS_IN_PART = 2;

const SUFFIX_ZONE = 0;
const UNDERSCORE = 0x5f;
const MAX_NETWORKS = 65_535;
const SUFFIX_OCTETS = Buffer.from(wireName(DNS_SUFFIX), 'latin1');
const NO_PAYLOAD = new Uint8Array(0);
/** Of an alias that is not served: shorter than that of any other. */
const UNSERVED = new Uint8Array(1);

export const REFUSED: Reply = bareReply(RCODE.REFUSED);
/** Not to be cached as an absence is: the name may exist, and this host has not been told yet, or cannot serve it. */
const NOT_NOW: Reply = bareReply(RCODE.SERVFAIL, EXTENDED_ERROR.NOT_READY);

/** Before the first zone nothing exists and nobody is known. */
export const EMPTY_ZONE: DnsZone = { revision: 0, serial: 0, networks: [], clients: [] };

/** Lower-case wire form of a dotted name of ASCII labels, one character an octet. */
export function wireName(name: string): string {
  const labels = name.toLowerCase().split('.');
  return `${labels.map((label) => String.fromCharCode(label.length) + label).join('')}\0`;
}

/**
 * Throws InvalidInputError for a name or address that cannot be served; the caller keeps the zone it has. `seed` is a
 * random 32-bit number.
 */
export function indexZone(zone: DnsZone, seed: number): ZoneIndex {
  if (zone.networks.length > MAX_NETWORKS) {
    throw new InvalidInputError('networks', zone.networks.length, `at most ${MAX_NETWORKS}`);
  }
  const zones = [apexReplies(DNS_SUFFIX, zone.serial)];
  const numbers = new Map<string, number>();
  const entries: NameEntry[] = [{ name: wireName(DNS_SUFFIX), value: SUFFIX_ZONE, payload: NO_PAYLOAD }];
  for (const network of zone.networks) {
    const apex = `${parseNetworkName(network.name, 'network')}.${DNS_SUFFIX}`;
    const apexWire = wireName(apex);
    const value = zones.push(apexReplies(apex, zone.serial)) - 1;
    numbers.set(network.name, value);
    entries.push({ name: apexWire, value, payload: NO_PAYLOAD });
    const nameOf = (alias: string): string => {
      const label = parseAliasName(alias, 'alias');
      return String.fromCharCode(label.length) + label + apexWire;
    };
    for (const { alias, address, ports } of network.records) {
      entries.push({ name: nameOf(alias), value, payload: aliasPayload(parseAddress(address), ports) });
    }
    for (const alias of network.unserved ?? []) entries.push({ name: nameOf(alias), value, payload: UNSERVED });
  }
  const clients = new Map<string, ClientZones>();
  for (const client of zone.clients) {
    const exists = new Uint8Array(zones.length);
    for (const network of client.networks) exists[numbers.get(network) ?? SUFFIX_ZONE] = EXISTS;
    exists[SUFFIX_ZONE] = client.complete ? EXISTS : EXISTS_IN_PART;
    clients.set(parseAddress(client.address), exists);
  }
  const names = buildNameTable(entries, seed);
  return { revision: zone.revision, zone, names, zones, clients, outside: indexPatterns(zone) };
}

function apexReplies(apex: string, serial: number): ApexReplies {
  return {
    absent: absenceReply(RCODE.NXDOMAIN, apex, serial),
    noData: absenceReply(RCODE.NOERROR, apex, serial),
    authority: authorityReply(apex, serial),
    servers: serverReply(apex),
  };
}

function parseAddress(address: string): string {
  if (isIP(address) === 0) throw new InvalidInputError('address', address, 'an IP address');
  return address;
}

/**
 * What to say to this client; null: the name is outside the suffix and others have to be asked. A network that is not
 * the client's is answered exactly as one that does not exist.
 */
export function lookUp(index: ZoneIndex, client: ClientZones, packet: Buffer, query: Query): Reply | null {
  const { names, zones } = index;
  const { nameEnd, type } = query;
  const suffix = zones[SUFFIX_ZONE];
  if (suffix === undefined) return null;
  const found = names.find(packet, HEADER_BYTES, nameEnd);
  if (found < 0) {
    if (!isSameName(SUFFIX_OCTETS, packet, query.lastLabel, nameEnd)) return null;
    const apex = existingZone(index, client, names.find(packet, query.secondLastLabel, nameEnd));
    if (apex === undefined) return absentNetwork(client, suffix);
    return atService(index, apex, packet, query) ?? apex.absent;
  }
  const zone = existingZone(index, client, found);
  if (zone === undefined) return absentNetwork(client, suffix);
  const start = names.payloadStart(found);
  const end = names.payloadEnd(found);
  if (start === end) return atApex(zone, type);
  if (end - start === UNSERVED.length) return NOT_NOW;
  return aliasReply(names.octets, start, end, type, packet, HEADER_BYTES, nameEnd) ?? zone.noData;
}

/** Of `_8080._tcp` and `_tcp` below an alias of this zone; null: it is another name. */
function atService({ names }: ZoneIndex, zone: ApexReplies, packet: Buffer, query: Query): Reply | null {
  // Most absent names are no service: that is told without making a string of them.
  if (packet[HEADER_BYTES + 1] !== UNDERSCORE) return null;
  const port = /^_([1-9]\d{0,4})$/.exec(labelAt(packet, HEADER_BYTES))?.[1];
  const protocol = port === undefined ? HEADER_BYTES : labelEnd(packet, HEADER_BYTES);
  if (labelAt(packet, protocol).toLowerCase() !== '_tcp') return null;
  const name = labelEnd(packet, protocol);
  const found = names.find(packet, name, query.nameEnd);
  if (found < 0 || names.payloadStart(found) === names.payloadEnd(found)) return null;
  if (names.payloadEnd(found) - names.payloadStart(found) === UNSERVED.length) return NOT_NOW;
  // RFC 8020: a name that has names below it exists.
  if (port === undefined) return zone.noData;
  const alias = packet.subarray(name, query.nameEnd);
  const reply = portReply(names.octets, names.payloadStart(found), names.payloadEnd(found), Number(port), alias);
  return reply === null || query.type === TYPE.SRV || query.type === TYPE.ANY ? reply : zone.noData;
}

function labelEnd(packet: Buffer, start: number): number {
  return start + 1 + (packet[start] ?? 0);
}

function labelAt(packet: Buffer, start: number): string {
  return packet.toString('latin1', start + 1, labelEnd(packet, start));
}

/** The zone of the entry at `position` of the names, if it exists for this client; below 0: there is no entry. */
export function existingZone(index: ZoneIndex, client: ClientZones, position: number): ApexReplies | undefined {
  if (position < 0) return undefined;
  const number = index.names.valueAt(position);
  return client[number] === 0 ? undefined : index.zones[number];
}

/** Whether every network of the client is known here: names that no rule of these allows do not exist for it. */
export function isComplete(client: ClientZones): boolean {
  return client[SUFFIX_ZONE] !== EXISTS_IN_PART;
}

/** Of a name in a network that is not the client's, or nobody's. */
function absentNetwork(client: ClientZones, suffix: ApexReplies): Reply {
  return isComplete(client) ? suffix.absent : NOT_NOW;
}

function atApex(zone: ApexReplies, type: number): Reply {
  if (type === TYPE.SOA || type === TYPE.ANY) return zone.authority;
  return type === TYPE.NS ? zone.servers : zone.noData;
}
