import { DNS_SUFFIX } from '#libs/contracts/ids.js';
import { HEADER_BYTES } from './protocol.js';
import type { Query } from './query.js';
import { type ClientZones, existingZone, type ZoneIndex } from './zone-index.js';

const SUFFIX = Buffer.from(DNS_SUFFIX, 'latin1');
const ROOT = Buffer.of(0);

/**
 * Whether an outside name is a name of one of the client's networks with a search suffix, as resolvers make of
 * `api.dev.gstacks` with `search cluster.local` and `ndots:5`. Such a name is not forwarded: that would reveal aliases
 * to others, and while they do not answer, the client would give up before it tries the right name.
 */
export function isSearchedName(index: ZoneIndex, client: ClientZones, packet: Buffer, query: Query): boolean {
  let before = 0;
  for (let offset = HEADER_BYTES; offset < query.lastLabel; ) {
    const end = offset + 1 + (packet[offset] ?? 0);
    if (before !== 0 && isSuffix(packet, offset + 1, end)) {
      const apex = Buffer.concat([packet.subarray(before, end), ROOT]);
      if (existingZone(index, client, index.names.find(apex, 0, apex.length)) !== undefined) return true;
    }
    before = offset;
    offset = end;
  }
  return false;
}

function isSuffix(packet: Buffer, start: number, end: number): boolean {
  return end - start === SUFFIX.length && packet.toString('latin1', start, end).toLowerCase() === DNS_SUFFIX;
}
