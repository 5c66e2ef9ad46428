import { isIP, isIPv6 } from 'node:net';
import { InvalidInputError } from '#libs/contracts/errors.js';
import { DNS_SUFFIX, parseAliasName, parseNetworkName } from '#libs/contracts/ids.js';
import { RCODE, TYPE } from './protocol.js';
import type { Query } from './query.js';
import { absenceReply, addressReply, authorityReply, bareReply, type Reply, serverReply } from './responses.js';
import type { DnsZone } from './zone.js';

/** Everything that can be said of one name that exists. */
interface NameReplies {
  /** null: exists for every known client. */
  readonly network: string | null;
  readonly a: Reply;
  readonly aaaa: Reply;
  readonly authority: Reply;
  readonly servers: Reply;
  /** A subset of the records is enough for ANY, RFC 8482 section 4.1. */
  readonly any: Reply;
  readonly otherType: Reply;
}

interface NetworkReplies {
  readonly name: string;
  readonly absent: Reply;
}

/** A zone made ready to answer from: every answer encoded, every name in wire form. */
export interface ZoneIndex {
  readonly revision: number;
  readonly names: ReadonlyMap<string, NameReplies>;
  /** Wire form of `<network>.gstacks`. */
  readonly networks: ReadonlyMap<string, NetworkReplies>;
  /** NXDOMAIN from the suffix itself: for networks that do not exist, or not for this client. */
  readonly absent: Reply;
  /** Source address -> names of its networks. */
  readonly clients: ReadonlyMap<string, ReadonlySet<string>>;
}

export const REFUSED: Reply = bareReply(RCODE.REFUSED);
const SUFFIX_WIRE = wireName(DNS_SUFFIX);

/** Before the first zone nothing exists and nobody is known. */
export const EMPTY_ZONE: DnsZone = { revision: 0, serial: 0, networks: [], clients: [] };

/** Lower-case wire form of a dotted name of ASCII labels, one character an octet. */
export function wireName(name: string): string {
  const labels = name.toLowerCase().split('.');
  return `${labels.map((label) => String.fromCharCode(label.length) + label).join('')}\0`;
}

/** Throws InvalidInputError for a name or address that cannot be served; the caller keeps the zone it has. */
export function indexZone(zone: DnsZone): ZoneIndex {
  const names = new Map<string, NameReplies>();
  const networks = new Map<string, NetworkReplies>();
  names.set(SUFFIX_WIRE, apexReplies(DNS_SUFFIX, null, zone.serial));
  const byAddress = new Map<string, Reply>();
  for (const network of zone.networks) {
    const networkName = parseNetworkName(network.name, 'network');
    const apex = `${networkName}.${DNS_SUFFIX}`;
    const apexWire = wireName(apex);
    const noData = absenceReply(RCODE.NOERROR, apex, zone.serial);
    names.set(apexWire, apexReplies(apex, networkName, zone.serial));
    networks.set(apexWire, { name: networkName, absent: absenceReply(RCODE.NXDOMAIN, apex, zone.serial) });
    for (const record of network.records) {
      const alias = parseAliasName(record.alias, 'alias');
      const address = byAddress.get(record.address) ?? addressReply(parseAddress(record.address));
      byAddress.set(record.address, address);
      const isV6 = isIPv6(record.address);
      names.set(String.fromCharCode(alias.length) + alias + apexWire, {
        network: networkName,
        a: isV6 ? noData : address,
        aaaa: isV6 ? address : noData,
        authority: noData,
        servers: noData,
        any: address,
        otherType: noData,
      });
    }
  }
  const clients = new Map(
    zone.clients.map((client) => [parseAddress(client.address), new Set(client.networks)] as const),
  );
  const absent = absenceReply(RCODE.NXDOMAIN, DNS_SUFFIX, zone.serial);
  return { revision: zone.revision, names, networks, absent, clients };
}

function apexReplies(apex: string, network: string | null, serial: number): NameReplies {
  const noData = absenceReply(RCODE.NOERROR, apex, serial);
  const authority = authorityReply(apex, serial);
  return {
    network,
    a: noData,
    aaaa: noData,
    authority,
    servers: serverReply(apex),
    any: authority,
    otherType: noData,
  };
}

function parseAddress(address: string): string {
  if (isIP(address) === 0) throw new InvalidInputError('address', address, 'an IP address');
  return address;
}

/**
 * What to say to a client of these networks; null: the name is outside the suffix and others have to be asked.
 * A network that is not the client's is answered exactly as one that does not exist.
 */
export function lookUp(index: ZoneIndex, clientNetworks: ReadonlySet<string>, query: Query): Reply | null {
  const found = index.names.get(query.name);
  if (found !== undefined) {
    return found.network === null || clientNetworks.has(found.network) ? ofType(found, query.type) : index.absent;
  }
  const { name, lastLabel } = query;
  if (name.length - lastLabel !== SUFFIX_WIRE.length || !name.endsWith(SUFFIX_WIRE)) return null;
  const network = index.networks.get(name.slice(query.secondLastLabel));
  return network !== undefined && clientNetworks.has(network.name) ? network.absent : index.absent;
}

function ofType(replies: NameReplies, type: number): Reply {
  switch (type) {
    case TYPE.A:
      return replies.a;
    case TYPE.AAAA:
      return replies.aaaa;
    case TYPE.SOA:
      return replies.authority;
    case TYPE.NS:
      return replies.servers;
    case TYPE.ANY:
      return replies.any;
    default:
      return replies.otherType;
  }
}
