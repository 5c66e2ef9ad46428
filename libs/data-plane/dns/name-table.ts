/**
 * ASCII lower case of each octet. Length octets are below 64 and stay the same, so whole names in wire form can be
 * mapped.
 */
const LOWER = Uint8Array.from({ length: 256 }, (_, octet) => (octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet));

/** A name in lower-case wire form, one character per octet, and what is stored with it. */
export interface NameEntry {
  readonly name: string;
  /** Below 65,536. */
  readonly value: number;
  /** At most 255 octets. */
  readonly payload: Uint8Array;
}

/**
 * Names in wire form, looked up directly from a packet's octets, in either case (RFC 4343). Everything is in two
 * arrays, with a name beside its payload: with many names, the cost of a look-up is its cache misses, of which a Map of
 * strings and objects causes ten, and it would need a string of each packet.
 */
export interface NameTable {
  /** Position of the entry for the name in `packet` from `start` to before `end`, or -1. */
  find(packet: Uint8Array, start: number, end: number): number;
  valueAt(position: number): number;
  /** Where the payload of the entry begins and ends in `octets`. */
  payloadStart(position: number): number;
  payloadEnd(position: number): number;
  readonly octets: Uint8Array;
}

/** A table that changes while in use. A change may move entries: positions found before it are not valid after it. */
export interface GrowingNameTable extends NameTable {
  /** Adds the name in `packet` from `start` to before `end`, in either case. It must not be in the table yet. */
  add(packet: Uint8Array, start: number, end: number, value: number, payload: Uint8Array): void;
  /** Removes the name, if the table has it. */
  remove(packet: Uint8Array, start: number, end: number): void;
}

const FNV_PRIME = 0x01000193;
/** Bytes of an entry before its name: value (2), length of the name, length of the payload. */
const ENTRY_HEAD_BYTES = 4;
const EMPTY = -1;
/** Marks a slot whose entry was removed. A search goes on behind it, as entries placed later may stand there. */
const REMOVED = -2;

/** A table of exactly these entries; `seed` as for createNameTable. */
export function buildNameTable(entries: readonly NameEntry[], seed: number): GrowingNameTable {
  const size = entries.reduce((sum, { name, payload }) => sum + ENTRY_HEAD_BYTES + name.length + payload.length, 0);
  const table = createNameTable(seed, entries.length, size);
  for (const { name, value, payload } of entries) {
    table.add(Buffer.from(name, 'latin1'), 0, name.length, value, payload);
  }
  return table;
}

/**
 * An empty hash table with open addressing, sized for this many entries with this many octets in total; it grows when
 * needed. `seed` is random, so nobody can choose names that all collide.
 */
export function createNameTable(seed: number, entries: number, bytes: number): GrowingNameTable {
  let mask = 2 ** Math.ceil(Math.log2(2 * (entries + 1))) - 1;
  /** Two numbers per slot: the hash, and the entry's position in `octets`. */
  let slots = new Int32Array(2 * (mask + 1)).fill(EMPTY);
  let octets = new Uint8Array(bytes);
  /** Octets in use, and entries. */
  let taken = 0;
  let count = 0;

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

  function place(hashed: number, position: number): void {
    let slot = hashed & mask;
    while (slots[2 * slot + 1] !== EMPTY) slot = (slot + 1) & mask;
    slots[2 * slot] = hashed;
    slots[2 * slot + 1] = position;
  }

  const sizeAt = (at: number): number => ENTRY_HEAD_BYTES + (octets[at + 2] as number) + (octets[at + 3] as number);

  /** Makes room for one more entry of this many octets, also by dropping what was removed. */
  function makeRoom(size: number): void {
    // At most half of the slots are used.
    if (taken + size <= octets.length && 2 * (count + 1) <= mask) return;
    const live: { readonly hashed: number; readonly entry: Uint8Array }[] = [];
    let liveBytes = 0;
    for (let index = 0; index < slots.length; index += 2) {
      const position = slots[index + 1] as number;
      if (position < 0) continue;
      const entry = octets.subarray(position, position + sizeAt(position));
      live.push({ hashed: slots[index] as number, entry });
      liveBytes += entry.length;
    }
    count = live.length;
    mask = 2 ** Math.ceil(Math.log2(4 * (count + 1))) - 1;
    slots = new Int32Array(2 * (mask + 1)).fill(EMPTY);
    octets = new Uint8Array(2 * (liveBytes + size));
    taken = 0;
    for (const { hashed, entry } of live) {
      octets.set(entry, taken);
      place(hashed, taken);
      taken += entry.length;
    }
  }

  /** The slot of the name, or -1. */
  function slotOf(packet: Uint8Array, start: number, end: number): number {
    const wanted = hash(packet, start, end);
    // At most half of the slots are used, so the search always ends at an empty one.
    for (let slot = wanted & mask; ; slot = (slot + 1) & mask) {
      const candidate = slots[2 * slot + 1] as number;
      if (candidate === EMPTY) return -1;
      if (slots[2 * slot] === wanted && candidate !== REMOVED && isAt(candidate, packet, start, end)) return slot;
    }
  }

  const payloadStart = (at: number): number => at + ENTRY_HEAD_BYTES + (octets[at + 2] as number);
  return {
    add(packet, start, end, value, payload) {
      makeRoom(ENTRY_HEAD_BYTES + end - start + payload.length);
      const position = taken;
      octets[position] = value >> 8;
      octets[position + 1] = value & 0xff;
      octets[position + 2] = end - start;
      octets[position + 3] = payload.length;
      const shift = position + ENTRY_HEAD_BYTES - start;
      for (let index = start; index < end; index += 1) octets[shift + index] = LOWER[packet[index] as number] as number;
      octets.set(payload, shift + end);
      taken = shift + end + payload.length;
      count += 1;
      place(hash(packet, start, end), position);
    },
    remove(packet, start, end) {
      const slot = slotOf(packet, start, end);
      if (slot >= 0) slots[2 * slot + 1] = REMOVED;
    },
    find(packet, start, end) {
      const slot = slotOf(packet, start, end);
      return slot < 0 ? -1 : (slots[2 * slot + 1] as number);
    },
    valueAt: (at) => ((octets[at] as number) << 8) | (octets[at + 1] as number),
    payloadStart,
    payloadEnd: (at) => payloadStart(at) + (octets[at + 3] as number),
    get octets() {
      return octets;
    },
  };
}

/** Whether the name in `packet` from `start` to before `end` equals this one, which is in lower-case wire form. */
export function isSameName(name: Uint8Array, packet: Uint8Array, start: number, end: number): boolean {
  if (name.length !== end - start) return false;
  for (let index = 0; index < name.length; index += 1) {
    if (name[index] !== LOWER[packet[start + index] as number]) return false;
  }
  return true;
}
