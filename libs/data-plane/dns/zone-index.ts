import { isIP } from 'node:net';
import { InvalidInputError } from '#libs/contracts/errors.js';
import { DNS_SUFFIX, parseAliasName, parseNetworkName } from '#libs/contracts/ids.js';
import { buildNameTable, isSameName, type NameEntry, type NameTable } from './name-table.js';
import { EXTENDED_ERROR, HEADER_BYTES, RCODE, TYPE } from './protocol.js';
import type { Query } from './query.js';
import {
  absenceReply,
  addressRecord,
  authorityReply,
  bareReply,
  type Reply,
  recordReply,
  recordType,
  serverReply,
} from './responses.js';
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
  /**
   * The value is the number of the name's zone in `zones`; the payload is its address record, none for an apex.
   */
  readonly names: NameTable;
  /** The suffix, then the networks. */
  readonly zones: readonly ApexReplies[];
  /** Source address -> for each zone, whether it exists for that client; 0 if not. */
  readonly clients: ReadonlyMap<string, ClientZones>;
}

export type ClientZones = Uint8Array;

/** A zone that exists for a client. */
const EXISTS = 1;
/** Of the suffix: networks that are not known here may exist for this client. */
const EXISTS_IN_PART = 2;

const SUFFIX_ZONE = 0;
const MAX_NETWORKS = 65_535;
const SUFFIX_OCTETS = Buffer.from(wireName(DNS_SUFFIX), 'latin1');
const NO_PAYLOAD = new Uint8Array(0);

export const REFUSED: Reply = bareReply(RCODE.REFUSED);
/** Not to be cached as an absence is: the name may exist, and this host has not been told yet. */
const NOT_KNOWN_YET: Reply = bareReply(RCODE.SERVFAIL, EXTENDED_ERROR.NOT_READY);

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
    for (const record of network.records) {
      const alias = parseAliasName(record.alias, 'alias');
      const name = String.fromCharCode(alias.length) + alias + apexWire;
      entries.push({ name, value, payload: addressRecord(parseAddress(record.address)) });
    }
  }
  const clients = new Map<string, ClientZones>();
  for (const client of zone.clients) {
    const exists = new Uint8Array(zones.length);
    for (const network of client.networks) exists[numbers.get(network) ?? SUFFIX_ZONE] = EXISTS;
    exists[SUFFIX_ZONE] = client.complete ? EXISTS : EXISTS_IN_PART;
    clients.set(parseAddress(client.address), exists);
  }
  return { revision: zone.revision, names: buildNameTable(entries, seed), zones, clients };
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
    const apex = names.find(packet, query.secondLastLabel, nameEnd);
    return existingZone(index, client, apex)?.absent ?? absentNetwork(client, suffix);
  }
  const zone = existingZone(index, client, found);
  if (zone === undefined) return absentNetwork(client, suffix);
  const start = names.payloadStart(found);
  const end = names.payloadEnd(found);
  if (start === end) return atApex(zone, type);
  // One record is enough for ANY: RFC 8482 section 4.1.
  const isAsked = type === TYPE.ANY || type === recordType(names.octets, start);
  return isAsked ? recordReply(names.octets, start, end) : zone.noData;
}

/** The zone of the entry at `position` of the names, if it exists for this client; below 0: there is no entry. */
export function existingZone(index: ZoneIndex, client: ClientZones, position: number): ApexReplies | undefined {
  if (position < 0) return undefined;
  const number = index.names.valueAt(position);
  return client[number] === 0 ? undefined : index.zones[number];
}

/** Of a name in a network that is not the client's, or nobody's. */
function absentNetwork(client: ClientZones, suffix: ApexReplies): Reply {
  return client[SUFFIX_ZONE] === EXISTS_IN_PART ? NOT_KNOWN_YET : suffix.absent;
}

function atApex(zone: ApexReplies, type: number): Reply {
  if (type === TYPE.SOA || type === TYPE.ANY) return zone.authority;
  return type === TYPE.NS ? zone.servers : zone.noData;
}
