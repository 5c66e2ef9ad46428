import type { RuleId } from '#libs/contracts/ids.js';
import type { NetworkView } from './model.js';
import { withChanges } from './overlay-map.js';
import { carryIndex, type PolicyIndex, policyIndex } from './policy-index.js';
import type { RuleEnds } from './rule-ends.js';

/**
 * The view as its rules stand at a time, in milliseconds since 1970: without the allows whose end has come. Where none
 * has, it is the view itself. What was found out about the rules that are left is kept until the next of them ends, and
 * no longer.
 */
export function inForce(view: NetworkView, nowMs: number): NetworkView {
  return indexInForce(view, nowMs).view;
}

/** As `policyIndex` of `inForce`. */
export function indexInForce(view: NetworkView, nowMs: number): PolicyIndex {
  const index = policyIndex(view);
  return nowMs < index.firstEndMs ? index : afterEnds(index, nowMs);
}

/** Of each view the last one asked for, and the time since which its rules stand so. */
const later = new WeakMap<NetworkView, { readonly fromMs: number; readonly index: PolicyIndex }>();

function afterEnds(held: PolicyIndex, nowMs: number): PolicyIndex {
  const { view, ends, outsideEnds } = held;
  const known = later.get(view);
  if (known !== undefined && known.fromMs <= nowMs && nowMs < known.index.firstEndMs) return known.index;
  const [ended, endedOutside] = [endedBy(ends, nowMs), endedBy(outsideEnds, nowMs)];
  const after: NetworkView = {
    ...view,
    rules: withChanges(view.rules, gone(ended)),
    egressRules: withChanges(view.egressRules, gone(endedOutside)),
  };
  const touched = ended.map(({ id }) => ({ kind: 'rule', id }) as const);
  carryIndex(view, after, touched);
  const fromMs = Math.max(...[...ended, ...endedOutside].map(({ end }) => end));
  const index = policyIndex(after);
  later.set(view, { fromMs, index });
  return index;
}

interface Ended {
  readonly id: RuleId;
  readonly end: number;
}

function endedBy(ends: RuleEnds, nowMs: number): readonly Ended[] {
  return [...ends].flatMap(([id, end]) => (end <= nowMs ? [{ id, end }] : []));
}

function gone(ended: readonly Ended[]): ReadonlyMap<RuleId, undefined> {
  return new Map(ended.map(({ id }) => [id, undefined]));
}
