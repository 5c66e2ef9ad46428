import { formatCursor, type PageQuery } from '#libs/contracts/http/page.js';
import { DEFAULT_PAGE_SIZE } from '#libs/contracts/page-size.js';
import { compareText } from '#libs/policy/order.js';

/** One page of a list in order of its keys. Keys are unique, so each page begins where the last one ended. */
export function pageOf<T>(
  all: readonly T[],
  key: (item: T) => string,
  query: PageQuery,
): { readonly items: readonly T[]; readonly nextCursor: string | null } {
  const limit = query.limit ?? DEFAULT_PAGE_SIZE;
  const after = query.cursor?.after ?? null;
  const rest = [...all]
    .sort((one, other) => compareText(key(one), key(other)))
    .filter((item) => after === null || compareText(key(item), after) > 0);
  const items = rest.slice(0, limit);
  const last = items.at(-1);
  return { items, nextCursor: rest.length > limit && last !== undefined ? formatCursor({ after: key(last) }) : null };
}
