/** Code-unit order, the same on every machine whatever its locale. */
export function compareText(a: string, b: string): number {
  if (a < b) return -1;
  return a > b ? 1 : 0;
}

/** Where in a list in ascending order of the key the item of this key is, or belongs. */
export function placeOf<T>(list: readonly T[], key: string, keyOf: (item: T) => string): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const item = list[middle];
    if (item !== undefined && compareText(keyOf(item), key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A new array in ascending code-unit order of the key. */
export function sortedBy<T>(values: Iterable<T>, key: (value: T) => string): readonly T[] {
  return [...values].sort((a, b) => compareText(key(a), key(b)));
}
