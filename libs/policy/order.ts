/** Code-unit order, the same on every machine whatever its locale. */
export function compareText(a: string, b: string): number {
  if (a < b) return -1;
  return a > b ? 1 : 0;
}

/** A new array in ascending code-unit order of the key. */
export function sortedBy<T>(values: Iterable<T>, key: (value: T) => string): readonly T[] {
  return [...values].sort((a, b) => compareText(key(a), key(b)));
}
