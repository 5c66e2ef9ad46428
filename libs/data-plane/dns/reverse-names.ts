import { type AddressBlock, containsBlock } from './address-block.js';
import { RCODE, TYPE } from './protocol.js';
import type { Query } from './query.js';
import { absenceReply, type Reply, recordsReply } from './responses.js';
import { type ReverseName, readReverseName, reverseZone } from './reverse-name.js';
import { type ClientZones, existingZone, type ZoneIndex } from './zone-index.js';

/** Where aliases share an address, there could be more names than a message holds. */
const MOST_NAMES = 16;

/** Answers reverse look-ups of this host's own addresses. */
export interface ReverseNames {
  /** null: the name is not of an address of this host. */
  lookUp(index: ZoneIndex, client: ClientZones, packet: Buffer, query: Query): Reply | null;
}

/**
 * Answers reverse look-ups of proxies, links, the mesh and this machine with the aliases that the client may know. No
 * other server could answer them, and none should learn of them (RFC 6303).
 */
export function createReverseNames(blocks: readonly AddressBlock[]): ReverseNames {
  /** The block of this host that contains the name; null: none. */
  function ownBlock(index: ZoneIndex, { block }: ReverseName): AddressBlock | null {
    const own = blocks.find((candidate) => containsBlock(candidate, block));
    if (own !== undefined) return own;
    const isClient = block.bits === 8 * block.octets.length && index.clients.has(textOf(block));
    return isClient ? block : null;
  }

  return {
    lookUp(index, client, packet, query) {
      const asked = readReverseName(packet, query);
      const own = asked === null ? null : ownBlock(index, asked);
      if (asked === null || own === null) return null;
      const absent = (rcode: number): Reply => absenceReply(rcode, reverseZone(own), index.serial);
      const { block, hasMore } = asked;
      if (hasMore) return absent(RCODE.NXDOMAIN);
      // Names of addresses may exist below it, so it exists (RFC 8020).
      if (block.bits < 8 * block.octets.length) return absent(RCODE.NOERROR);
      const known = index.addresses
        .of(block.octets)
        .filter((name) => existingZone(index, client, index.names.find(name, 0, name.length)));
      if (known.length === 0) return absent(RCODE.NXDOMAIN);
      if (query.type !== TYPE.PTR && query.type !== TYPE.ANY) return absent(RCODE.NOERROR);
      return recordsReply(TYPE.PTR, known.slice(0, MOST_NAMES));
    },
  };
}

/** The address as sockets write it. Clients in a zone are IPv4, or IPv6 in this form. */
function textOf({ family, octets }: AddressBlock): string {
  if (family === 4) return octets.join('.');
  const groups = Array.from({ length: 8 }, (_, index) =>
    (((octets[2 * index] ?? 0) << 8) | (octets[2 * index + 1] ?? 0)).toString(16),
  );
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}
