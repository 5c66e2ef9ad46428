import type { AddressBlock } from './address-block.js';
import { HEADER_BYTES } from './protocol.js';
import type { Query } from './query.js';

/** The addresses of a name below in-addr.arpa or ip6.arpa (RFC 1035 section 3.5, RFC 3596 section 2.5). */
export interface ReverseName {
  /** One address, or all that begin with the name's labels. */
  readonly block: AddressBlock;
  /** Whether the name has further labels that are no part of an address. */
  readonly hasMore: boolean;
}

interface ReverseTree {
  readonly root: string;
  readonly octets: number;
  readonly bitsPerLabel: number;
  readonly label: RegExp;
  readonly radix: number;
}

const TREES: Readonly<Record<4 | 6, ReverseTree>> = {
  4: { root: 'in-addr', octets: 4, bitsPerLabel: 8, label: /^(0|[1-9]\d{0,2})$/, radix: 10 },
  6: { root: 'ip6', octets: 16, bitsPerLabel: 4, label: /^[0-9a-f]$/, radix: 16 },
};

/** null: it is no reverse name. */
export function readReverseName(packet: Buffer, query: Query): ReverseName | null {
  const labels = labelsOf(packet, query);
  if (labels.pop() !== 'arpa') return null;
  const root = labels.pop();
  const family = root === TREES[4].root ? 4 : root === TREES[6].root ? 6 : null;
  if (family === null) return null;
  const { bitsPerLabel, label, radix, octets: length } = TREES[family];
  const octets = new Uint8Array(length);
  let bits = 0;
  while (bits < 8 * octets.length) {
    const value = Number.parseInt(label.exec(labels.at(-1) ?? '')?.[0] ?? '', radix);
    if (!(value < 2 ** bitsPerLabel)) break;
    labels.pop();
    const index = bits >> 3;
    octets[index] = (octets[index] ?? 0) | (value << (8 - bitsPerLabel - (bits & 7)));
    bits += bitsPerLabel;
  }
  return { block: { family, octets, bits }, hasMore: labels.length > 0 };
}

/**
 * The zone that reverse names of this block belong to: the block's own, or the next larger one that ends at a label.
 */
export function reverseZone({ family, octets, bits }: AddressBlock): string {
  const { root, bitsPerLabel, radix } = TREES[family];
  // The zone of a single address would be the name itself.
  const count = Math.floor(Math.min(bits, 8 * octets.length - bitsPerLabel) / bitsPerLabel);
  const labels = Array.from({ length: count }, (_, index) => {
    const octet = octets[(index * bitsPerLabel) >> 3] ?? 0;
    const shift = 8 - bitsPerLabel - ((index * bitsPerLabel) & 7);
    return ((octet >> shift) & (2 ** bitsPerLabel - 1)).toString(radix);
  });
  return [...labels.reverse(), root, 'arpa'].join('.');
}

function labelsOf(packet: Buffer, query: Query): string[] {
  const labels: string[] = [];
  for (let offset = HEADER_BYTES; offset < query.nameEnd - 1; offset += 1 + (packet[offset] ?? 0)) {
    labels.push(packet.toString('latin1', offset + 1, offset + 1 + (packet[offset] ?? 0)).toLowerCase());
  }
  return labels;
}
