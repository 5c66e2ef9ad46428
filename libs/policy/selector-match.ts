import { formatSelector, type Selector } from '#libs/contracts/selectors.js';
import type { NetworkView } from './model.js';
import { compareText } from './order.js';
import { policyIndex } from './policy-index.js';
import { type PolicySource, sourceText } from './policy-source.js';

const NOBODY: ReadonlySet<string> = new Set();

/**
 * Every selector, in printed form, that stands for a source. Sandboxes are meant while they are attached; `any` and
 * labels never mean local nodes, and an alias means the sandbox that publishes it in this network.
 */
export function selectorsFor(view: NetworkView, source: PolicySource): ReadonlySet<string> {
  const { selectors, aliasesOf } = policyIndex(view);
  const key = sourceText(source);
  const known = selectors.get(key);
  if (known !== undefined) return known;
  if (source.kind === 'local') {
    return new Set(
      source.user === null ? ['local'] : ['local', formatSelector({ kind: 'local-user', user: source.user })],
    );
  }
  const sandbox = view.sandboxes.get(source.sandboxId);
  if (sandbox === undefined) return NOBODY;
  const found = new Set([
    'any',
    formatSelector(source),
    ...(aliasesOf.get(source.sandboxId) ?? []),
    ...Object.entries(sandbox.labels).map(([name, value]) => formatSelector({ kind: 'label', key: name, value })),
  ]);
  selectors.set(key, found);
  return found;
}

/** Whether a selector stands for a source. */
export function matchesSource(view: NetworkView, selector: Selector, source: PolicySource): boolean {
  return selectorsFor(view, source).has(formatSelector(selector));
}

/** The attached sandboxes that a selector stands for now, in order of id. */
export function sourcesOf(
  view: NetworkView,
  selector: Selector,
): readonly Extract<PolicySource, { readonly kind: 'sandbox' }>[] {
  return [...view.sandboxes.keys()]
    .sort(compareText)
    .map((sandboxId) => ({ kind: 'sandbox', sandboxId }) as const)
    .filter((source) => matchesSource(view, selector, source));
}

/** Whether one selector stands for everybody another one ever can, whatever is attached. */
export function standsForAllOf(wide: Selector, narrow: Selector): boolean {
  if (formatSelector(wide) === formatSelector(narrow)) return true;
  if (wide.kind === 'local') return narrow.kind === 'local-user';
  return wide.kind === 'any' && narrow.kind !== 'local' && narrow.kind !== 'local-user';
}
