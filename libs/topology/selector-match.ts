import type { SandboxId, UserName } from '#libs/contracts/ids.js';
import { formatSelector, type Selector } from '#libs/contracts/selectors.js';
import type { FlowSource, NetworkView } from './model.js';
import { compareText } from './order.js';

/** Who a policy question is about. `user: null` is a local node of whom only that is known: no rule names its user. */
export type PolicySource =
  | { readonly kind: 'sandbox'; readonly sandboxId: SandboxId }
  | { readonly kind: 'local'; readonly user: UserName | null };

/** Which of a user's nodes it is makes no difference to policy. */
export function policySource(source: FlowSource): PolicySource {
  return source.kind === 'sandbox' ? source : { kind: 'local', user: source.user };
}

/**
 * Whether a selector stands for a source. Sandboxes match while they are attached; `any` and labels never match local
 * nodes, and an alias stands for the sandbox that publishes it in this network.
 */
export function matchesSource(view: NetworkView, selector: Selector, source: PolicySource): boolean {
  if (source.kind === 'local') {
    return selector.kind === 'local' || (selector.kind === 'local-user' && selector.user === source.user);
  }
  const sandbox = view.sandboxes.get(source.sandboxId);
  if (sandbox === undefined) return false;
  switch (selector.kind) {
    case 'any':
      return true;
    case 'sandbox':
      return selector.sandboxId === sandbox.sandboxId;
    case 'alias':
      return view.aliases.get(selector.alias)?.sandboxId === sandbox.sandboxId;
    case 'label':
      return sandbox.labels[selector.key] === selector.value;
    case 'local':
    case 'local-user':
      return false;
  }
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
