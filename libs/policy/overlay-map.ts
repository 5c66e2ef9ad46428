/** A map that shares all but a few entries with another. Those that differ come last when it is walked. */
class OverlayMap<Key, Value> implements ReadonlyMap<Key, Value> {
  constructor(
    readonly base: ReadonlyMap<Key, Value>,
    /** undefined: the base has the key, and this map has not. */
    readonly changes: ReadonlyMap<Key, Value | undefined>,
    readonly size: number,
  ) {}

  get(key: Key): Value | undefined {
    return this.changes.has(key) ? this.changes.get(key) : this.base.get(key);
  }

  has(key: Key): boolean {
    return this.changes.has(key) ? this.changes.get(key) !== undefined : this.base.has(key);
  }

  *entries(): Generator<[Key, Value], undefined> {
    for (const entry of this.base) if (!this.changes.has(entry[0])) yield entry;
    for (const [key, value] of this.changes) if (value !== undefined) yield [key, value];
  }

  *keys(): Generator<Key, undefined> {
    for (const [key] of this.entries()) yield key;
  }

  *values(): Generator<Value, undefined> {
    for (const [, value] of this.entries()) yield value;
  }

  [Symbol.iterator](): Generator<[Key, Value], undefined> {
    return this.entries();
  }

  forEach(visit: (value: Value, key: Key, map: ReadonlyMap<Key, Value>) => void): void {
    for (const [key, value] of this.entries()) visit(value, key, this);
  }
}

/**
 * The map with these changes, undefined for an entry that goes; the argument is left as it was. Costs the changes, not
 * the map: it is copied once in so many changes as its root. Entries that changed may come last when it is walked.
 */
export function withChanges<Key, Value extends object | string | null>(
  map: ReadonlyMap<Key, Value>,
  changes: ReadonlyMap<Key, Value | undefined>,
): ReadonlyMap<Key, Value> {
  if (changes.size === 0) return map;
  const base = map instanceof OverlayMap ? (map.base as ReadonlyMap<Key, Value>) : map;
  const before: ReadonlyMap<Key, Value | undefined> = map instanceof OverlayMap ? map.changes : new Map();
  const all = new Map([...before, ...changes]);
  if (all.size * all.size > base.size) return copyWith(map, changes);
  let size = map.size;
  for (const [key, value] of changes) size += Number(value !== undefined) - Number(map.has(key));
  return new OverlayMap(base, all, size);
}

function copyWith<Key, Value>(
  map: ReadonlyMap<Key, Value>,
  changes: ReadonlyMap<Key, Value | undefined>,
): ReadonlyMap<Key, Value> {
  const copy = new Map(map);
  for (const [key, value] of changes) {
    if (value === undefined) copy.delete(key);
    else copy.set(key, value);
  }
  return copy;
}
