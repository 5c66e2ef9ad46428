/** Counts the entries that are iterated over: a copy of the map iterates over all of them. */
export class WatchedMap<Key, Value> extends Map<Key, Value> {
  walked = 0;

  override *entries(): MapIterator<[Key, Value]> {
    for (const entry of super.entries()) {
      this.walked += 1;
      yield entry;
    }
  }

  override *keys(): MapIterator<Key> {
    for (const [key] of this.entries()) yield key;
  }

  override *values(): MapIterator<Value> {
    for (const [, value] of this.entries()) yield value;
  }

  override [Symbol.iterator](): MapIterator<[Key, Value]> {
    return this.entries();
  }
}
