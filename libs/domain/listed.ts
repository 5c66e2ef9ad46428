/** Names, or warnings of one kind, that are shown at once. */
export const LISTED = 10;

/** `a, b and 3 more` */
export function listed(names: readonly string[]): string {
  const more = names.length - LISTED;
  return more > 0 ? `${names.slice(0, LISTED).join(', ')} and ${more} more` : names.join(', ');
}
