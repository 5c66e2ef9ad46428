import { withChanges } from '#libs/policy/overlay-map.js';

/** Maps made during this fold, which may be written; all others belong to somebody else. */
export type OwnedMaps = Set<ReadonlyMap<unknown, unknown>>;

/** The map itself when this fold made it, or else a copy that it may write. */
function writable<Key, Value>(map: ReadonlyMap<Key, Value>, owned: OwnedMaps): Map<Key, Value> {
  if (owned.has(map)) return map as Map<Key, Value>;
  const copy = new Map(map);
  owned.add(copy);
  return copy;
}

/** The map with this entry. `owned: null`: it shares all others with the map, and costs this entry alone. */
export function having<Key, Value extends object | string>(
  map: ReadonlyMap<Key, Value>,
  key: Key,
  value: Value,
  owned: OwnedMaps | null,
): ReadonlyMap<Key, Value> {
  return owned === null ? withChanges(map, new Map([[key, value]])) : writable(map, owned).set(key, value);
}

/** As having, for the map without this entry; the same map when it has none. */
export function without<Key, Value extends object | string>(
  map: ReadonlyMap<Key, Value>,
  key: Key,
  owned: OwnedMaps | null,
): ReadonlyMap<Key, Value> {
  if (!map.has(key)) return map;
  if (owned === null) return withChanges(map, new Map([[key, undefined]]));
  const copy = writable(map, owned);
  copy.delete(key);
  return copy;
}
