/** ASCII lower case of each octet. Length octets are below 64, so a whole name in wire form may pass through it. */
const LOWER = Uint8Array.from({ length: 256 }, (_, octet) => (octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet));

/** A name in lower-case wire form, one character an octet, and what is kept with it. */
export interface NameEntry {
  readonly name: string;
  /** Below 65,536. */
  readonly value: number;
  /** At most 255 octets. */
  readonly payload: Uint8Array;
}

/**
 * Names in wire form, looked up straight from the octets of a packet, in either case (RFC 4343). All of it lies in
 * two pieces of memory, a name beside its payload: with many names a look-up costs as many cache misses as it takes
 * steps, and a Map of strings and objects takes ten, besides a string made of each packet.
 */
export interface NameTable {
  /** Position of the entry for the name in `packet` from `start` to before `end`, or -1. */
  find(packet: Uint8Array, start: number, end: number): number;
  valueAt(position: number): number;
  /** Where in `octets` the payload of the entry begins and ends. */
  payloadStart(position: number): number;
  payloadEnd(position: number): number;
  readonly octets: Uint8Array;
}

const FNV_PRIME = 0x01000193;
/** Of an entry: value (2), length of the name, length of the payload. */
const ENTRY_HEAD_BYTES = 4;
const EMPTY = -1;

/** A hash table with open addressing; `seed` is random, so that nobody can choose names that all collide. */
export function buildNameTable(entries: readonly NameEntry[], seed: number): NameTable {
  const mask = 2 ** Math.ceil(Math.log2(2 * (entries.length + 1))) - 1;
  /** Two numbers a slot: the hash, and the position of the entry in `octets`. */
  const slots = new Int32Array(2 * (mask + 1)).fill(EMPTY);
  const size = entries.reduce((sum, { name, payload }) => sum + ENTRY_HEAD_BYTES + name.length + payload.length, 0);
  const octets = new Uint8Array(size);

  function hash(name: Uint8Array, start: number, end: number): number {
    let state = seed | 0;
    for (let index = start; index < end; index += 1) {
      state = Math.imul(state ^ (LOWER[name[index] as number] as number), FNV_PRIME);
    }
    return state ^ (state >>> 15);
  }

  function isAt(position: number, packet: Uint8Array, start: number, end: number): boolean {
    if (octets[position + 2] !== end - start) return false;
    const shift = position + ENTRY_HEAD_BYTES - start;
    for (let index = start; index < end; index += 1) {
      if (octets[shift + index] !== LOWER[packet[index] as number]) return false;
    }
    return true;
  }

  let position = 0;
  for (const { name, value, payload } of entries) {
    octets[position] = value >> 8;
    octets[position + 1] = value & 0xff;
    octets[position + 2] = name.length;
    octets[position + 3] = payload.length;
    const nameStart = position + ENTRY_HEAD_BYTES;
    const nameEnd = nameStart + name.length;
    for (let index = 0; index < name.length; index += 1) octets[nameStart + index] = name.charCodeAt(index);
    octets.set(payload, nameEnd);
    const hashed = hash(octets, nameStart, nameEnd);
    let slot = hashed & mask;
    while (slots[2 * slot + 1] !== EMPTY) slot = (slot + 1) & mask;
    slots[2 * slot] = hashed;
    slots[2 * slot + 1] = position;
    position = nameEnd + payload.length;
  }

  const payloadStart = (at: number): number => at + ENTRY_HEAD_BYTES + (octets[at + 2] as number);
  return {
    find(packet, start, end) {
      const wanted = hash(packet, start, end);
      // At most half of the slots are taken, so there is always an empty one to end at.
      for (let slot = wanted & mask; ; slot = (slot + 1) & mask) {
        const candidate = slots[2 * slot + 1] as number;
        if (candidate === EMPTY) return -1;
        if (slots[2 * slot] === wanted && isAt(candidate, packet, start, end)) return candidate;
      }
    },
    valueAt: (at) => ((octets[at] as number) << 8) | (octets[at + 1] as number),
    payloadStart,
    payloadEnd: (at) => payloadStart(at) + (octets[at + 3] as number),
    octets,
  };
}

/** Whether the name in `packet` from `start` to before `end` is this one, in lower-case wire form. */
export function isSameName(name: Uint8Array, packet: Uint8Array, start: number, end: number): boolean {
  if (name.length !== end - start) return false;
  for (let index = 0; index < name.length; index += 1) {
    if (name[index] !== LOWER[packet[start + index] as number]) return false;
  }
  return true;
}
