import { isIP } from 'node:net';
import { InvalidInputError } from '#libs/contracts/errors.js';
import { DNS_SUFFIX, parseAliasName, parseNetworkName } from '#libs/contracts/ids.js';
import { AddressNames } from './address-names.js';
import { aliasPayload, aliasReply, portReply } from './alias-records.js';
import { buildNameTable, type GrowingNameTable, isSameName, type NameEntry } from './name-table.js';
import { indexPatterns, type PatternSet } from './outside-patterns.js';
import { EXTENDED_ERROR, HEADER_BYTES, RCODE, TYPE } from './protocol.js';
import type { Query } from './query.js';
import { absenceReply, authorityReply, bareReply, type Reply, serverReply } from './responses.js';
import type { DnsZone, DnsZoneChange, NamesDelta } from './zone.js';

/** Answers for a zone's apex: of the suffix, and of each network below it. */
interface ApexReplies {
  readonly absent: Reply;
  readonly noData: Reply;
  readonly authority: Reply;
  readonly servers: Reply;
}

/** A zone prepared for answering: every answer is encoded, every name in wire form. */
export interface ZoneIndex {
  readonly revision: number;
  readonly serial: number;
  /** Names of the networks. The number of a network in `zones` is its index here plus one. */
  readonly networks: readonly string[];
  /** Value: the index of the name's zone in `zones`. Payload: the alias's records; empty for an apex. */
  readonly names: GrowingNameTable;
  readonly addresses: AddressNames;
  /** The suffix first, then the networks. */
  readonly zones: readonly ApexReplies[];
  /** By the client's source address: one octet per zone, 0 if the zone does not exist for the client. */
  readonly clients: ReadonlyMap<string, ClientZones>;
  /** By the client's source address: the names outside that it may reach. */
  readonly outside: ReadonlyMap<string, PatternSet>;
}

export type ClientZones = Uint8Array;

/** The zone exists for the client. */
const EXISTS = 1;
/** Only of the suffix: this client may have networks that this host does not know. */
const EXISTS_IN_PART = 2;

const SUFFIX_ZONE = 0;
const UNDERSCORE = 0x5f;
const MAX_NETWORKS = 65_535;
const SUFFIX_OCTETS = Buffer.from(wireName(DNS_SUFFIX), 'latin1');
const NO_PAYLOAD = new Uint8Array(0);
/** Payload of an alias that is not served; any other payload is longer. */
const UNSERVED = new Uint8Array(1);

export const REFUSED: Reply = bareReply(RCODE.REFUSED);
/**
 * SERVFAIL, not a cacheable absence: the name may exist, but this host has not learned of it yet or cannot serve it.
 */
const NOT_NOW: Reply = bareReply(RCODE.SERVFAIL, EXTENDED_ERROR.NOT_READY);

/** Before the first zone, no name exists and no client is known. */
export const EMPTY_ZONE: DnsZone = { revision: 0, serial: 0, networks: [], clients: [] };

/** A dotted name of ASCII labels in lower-case wire form, one character per octet. */
export function wireName(name: string): string {
  const labels = name.toLowerCase().split('.');
  return `${labels.map((label) => String.fromCharCode(label.length) + label).join('')}\0`;
}

/**
 * Throws InvalidInputError for a name or address that cannot be served; the caller keeps its current zone. `seed` is a
 * random 32-bit number.
 */
export function indexZone(zone: DnsZone, seed: number): ZoneIndex {
  if (zone.networks.length > MAX_NETWORKS) {
    throw new InvalidInputError('networks', zone.networks.length, `at most ${MAX_NETWORKS}`);
  }
  const networks = zone.networks.map(({ name }) => parseNetworkName(name, 'network'));
  const entries: NameEntry[] = [{ name: wireName(DNS_SUFFIX), value: SUFFIX_ZONE, payload: NO_PAYLOAD }];
  const addresses = new AddressNames();
  for (const [index, network] of zone.networks.entries()) {
    const value = index + 1;
    entries.push({ name: apexOf(network.name), value, payload: NO_PAYLOAD });
    for (const { name, payload, address } of namesOf(network)) {
      entries.push({ name, value, payload });
      addresses.put(name, address);
    }
  }
  return {
    ...{ revision: zone.revision, serial: zone.serial, networks, addresses },
    names: buildNameTable(entries, seed),
    zones: zonesOf(networks, zone.serial),
    ...clientsOf(networks, zone),
  };
}

/**
 * The index of the zone that the change leads to, at the cost of the change: it takes over the name table of `before`
 * and changes it, so `before` must not be used afterwards. Throws InvalidInputError for a name or address that cannot
 * be served, and for a network that the zone does not have; nothing is changed then.
 */
export function changeZone(before: ZoneIndex, change: DnsZoneChange): ZoneIndex {
  const { networks, names, addresses } = before;
  const changed = change.networks.flatMap((network) => {
    const value = 1 + networks.indexOf(network.name);
    if (value === SUFFIX_ZONE) throw new InvalidInputError('network', network.name, 'a network of the zone');
    return namesOf(network).map((entry) => ({ ...entry, value }));
  });
  const gone = change.networks.flatMap((network) => network.gone.map((alias) => aliasName(alias, network.name)));
  const clients = change.clients === null ? before : clientsOf(networks, change.clients);
  const remove = (name: string): Buffer => {
    const octets = Buffer.from(name, 'latin1');
    names.remove(octets, 0, octets.length);
    return octets;
  };
  for (const name of gone) {
    remove(name);
    addresses.put(name, null);
  }
  for (const { name, value, payload, address } of changed) {
    const octets = remove(name);
    names.add(octets, 0, octets.length, value, payload);
    addresses.put(name, address);
  }
  return {
    ...{ revision: change.revision, serial: change.serial, networks, names, addresses },
    zones: zonesOf(networks, change.serial),
    ...{ clients: clients.clients, outside: clients.outside },
  };
}

/** What the table keeps of these aliases. `address: null`: the alias is not served. */
function namesOf({
  name: network,
  records,
  unserved = [],
}: Pick<NamesDelta, 'name' | 'records'> & Partial<NamesDelta>) {
  return [
    ...records.map(({ alias, address, ports }) => ({
      name: aliasName(alias, network),
      payload: aliasPayload(parseAddress(address), ports),
      address,
    })),
    ...unserved.map((alias) => ({ name: aliasName(alias, network), payload: UNSERVED, address: null })),
  ];
}

/** In wire form. */
function apexOf(network: string): string {
  return wireName(`${network}.${DNS_SUFFIX}`);
}

/** In wire form. */
function aliasName(alias: string, network: string): string {
  return wireName(`${parseAliasName(alias, 'alias')}.${network}.${DNS_SUFFIX}`);
}

function zonesOf(networks: readonly string[], serial: number): readonly ApexReplies[] {
  return [DNS_SUFFIX, ...networks.map((name) => `${name}.${DNS_SUFFIX}`)].map((apex) => apexReplies(apex, serial));
}

function clientsOf(
  networks: readonly string[],
  told: Pick<DnsZone, 'clients' | 'patternSets'>,
): Pick<ZoneIndex, 'clients' | 'outside'> {
  const numbers = new Map(networks.map((name, index) => [name, index + 1]));
  const clients = new Map<string, ClientZones>();
  for (const client of told.clients) {
    const exists = new Uint8Array(networks.length + 1);
    for (const network of client.networks) exists[numbers.get(network) ?? SUFFIX_ZONE] = EXISTS;
    exists[SUFFIX_ZONE] = client.complete ? EXISTS : EXISTS_IN_PART;
    clients.set(parseAddress(client.address), exists);
  }
  return { clients, outside: indexPatterns(told) };
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
 * The answer for this client; null: the name is outside the suffix, and resolvers have to be asked. A network of others
 * is answered exactly as one that does not exist.
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

/** The answer for `_8080._tcp` or `_tcp` below an alias of this zone; null: it is another name. */
function atService({ names }: ZoneIndex, zone: ApexReplies, packet: Buffer, query: Query): Reply | null {
  // Most absent names are no service names: this check needs no string of them.
  if (packet[HEADER_BYTES + 1] !== UNDERSCORE) return null;
  const port = /^_([1-9]\d{0,4})$/.exec(labelAt(packet, HEADER_BYTES))?.[1];
  const protocol = port === undefined ? HEADER_BYTES : labelEnd(packet, HEADER_BYTES);
  if (labelAt(packet, protocol).toLowerCase() !== '_tcp') return null;
  const name = labelEnd(packet, protocol);
  const found = names.find(packet, name, query.nameEnd);
  if (found < 0 || names.payloadStart(found) === names.payloadEnd(found)) return null;
  if (names.payloadEnd(found) - names.payloadStart(found) === UNSERVED.length) return NOT_NOW;
  // A name that has names below it exists (RFC 8020).
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

/** The zone of the entry at `position`, if it exists for this client. A negative position means no entry. */
export function existingZone(index: ZoneIndex, client: ClientZones, position: number): ApexReplies | undefined {
  if (position < 0) return undefined;
  const number = index.names.valueAt(position);
  return client[number] === 0 ? undefined : index.zones[number];
}

/**
 * Whether this host knows every network of the client, so that a name that none of their rules allows does not exist
 * for it.
 */
export function isComplete(client: ClientZones): boolean {
  return client[SUFFIX_ZONE] !== EXISTS_IN_PART;
}

/** The answer for a name in a network that does not exist, or not for this client. */
function absentNetwork(client: ClientZones, suffix: ApexReplies): Reply {
  return isComplete(client) ? suffix.absent : NOT_NOW;
}

function atApex(zone: ApexReplies, type: number): Reply {
  if (type === TYPE.SOA || type === TYPE.ANY) return zone.authority;
  return type === TYPE.NS ? zone.servers : zone.noData;
}
