export type Labels = { readonly [key: string]: string };

/** Whether both have the same keys with the same values. */
export function sameLabels(first: Labels, second: Labels): boolean {
  const keys = Object.keys(first);
  return (
    keys.length === Object.keys(second).length &&
    keys.every((key) => Object.hasOwn(second, key) && first[key] === second[key])
  );
}
