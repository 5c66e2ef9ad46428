import type { AliasName, UserName } from '#libs/contracts/ids.js';
import { formatSelector, type Selector } from '#libs/contracts/selectors.js';
import type { AttachedSandbox, NetworkView } from './model.js';
import { compareText } from './order.js';
import { policyIndex } from './policy-index.js';
import type { PolicySource } from './policy-source.js';

const NOBODY: ReadonlySet<string> = new Set();
const NO_ALIASES: readonly AliasName[] = [];
const ANY = [formatSelector({ kind: 'any' })];
const LOCAL = [formatSelector({ kind: 'local' })];

/** For one kind: the printed selectors that match a source; null: the kind never matches such a source. */
interface StandsFor {
  /** `published` are the aliases that the sandbox publishes in this network. */
  readonly sandbox: ((sandbox: AttachedSandbox, published: readonly AliasName[]) => readonly string[]) | null;
  readonly local: ((user: UserName | null) => readonly string[]) | null;
}

/**
 * Which sources each kind matches. Sandboxes match while attached. `any` and labels never match local nodes, and an
 * alias matches the sandbox that publishes it in this network.
 */
const STANDS_FOR: { readonly [Kind in Selector['kind']]: StandsFor } = {
  any: { sandbox: () => ANY, local: null },
  sandbox: { sandbox: ({ sandboxId }) => [formatSelector({ kind: 'sandbox', sandboxId })], local: null },
  alias: { sandbox: (_sandbox, published) => published, local: null },
  label: {
    sandbox: ({ labels }) =>
      Object.entries(labels).map(([key, value]) => formatSelector({ kind: 'label', key, value })),
    local: null,
  },
  local: { sandbox: null, local: () => LOCAL },
  'local-user': {
    sandbox: null,
    local: (user) => (user === null ? [] : [formatSelector({ kind: 'local-user', user })]),
  },
};
const FOR_SANDBOX = Object.values(STANDS_FOR).flatMap(({ sandbox }) => sandbox ?? []);
const FOR_LOCAL = Object.values(STANDS_FOR).flatMap(({ local }) => local ?? []);

/** Every selector, in printed form, that matches a source. */
export function selectorsFor(view: NetworkView, source: PolicySource): ReadonlySet<string> {
  if (source.kind === 'local') return union(FOR_LOCAL, source.user, NO_ALIASES);
  const { selectors, aliasesOf } = policyIndex(view);
  const known = selectors.get(source.sandboxId);
  if (known !== undefined) return known;
  const sandbox = view.sandboxes.get(source.sandboxId);
  if (sandbox === undefined) return NOBODY;
  const found = union(FOR_SANDBOX, sandbox, aliasesOf.get(source.sandboxId) ?? NO_ALIASES);
  selectors.set(source.sandboxId, found);
  return found;
}

function union<Source>(
  kinds: readonly ((source: Source, published: readonly AliasName[]) => readonly string[])[],
  source: Source,
  published: readonly AliasName[],
): ReadonlySet<string> {
  const found = new Set<string>();
  for (const selectorsOf of kinds) for (const selector of selectorsOf(source, published)) found.add(selector);
  return found;
}

/** Whether a selector matches a source. */
export function matchesSource(view: NetworkView, selector: Selector, source: PolicySource): boolean {
  return selectorsFor(view, source).has(formatSelector(selector));
}

/** The attached sandboxes that a selector currently matches, in order of id. */
export function sourcesOf(
  view: NetworkView,
  selector: Selector,
): readonly Extract<PolicySource, { readonly kind: 'sandbox' }>[] {
  return [...view.sandboxes.keys()]
    .sort(compareText)
    .map((sandboxId) => ({ kind: 'sandbox', sandboxId }) as const)
    .filter((source) => matchesSource(view, selector, source));
}

/** True if `wide` matches every source that `narrow` could match, whatever is attached. */
export function standsForAllOf(wide: Selector, narrow: Selector): boolean {
  if (formatSelector(wide) === formatSelector(narrow)) return true;
  switch (narrow.kind) {
    case 'sandbox':
    case 'alias':
    case 'label':
      return wide.kind === 'any';
    case 'local-user':
      return wide.kind === 'local';
    case 'any':
    case 'local':
      return false;
  }
}
