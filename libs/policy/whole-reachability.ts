import type { NetworkView } from './model.js';
import { compareText } from './order.js';
import { outsideReachabilityChange } from './outside-reachability.js';
import { type ReachabilityChange, type Reached, reachabilityChange, reachedText } from './reachability.js';

/**
 * As `reachabilityChange`, and beside the aliases every name outside that a rule of either view names. null: there is
 * no such network.
 */
export function wholeReachabilityChange(
  before: NetworkView | null,
  after: NetworkView | null,
  nowMs: number,
): ReachabilityChange {
  const inside = reachabilityChange(before, after, nowMs);
  const outside = namedOutside(before, after).map(({ to, port }) =>
    outsideReachabilityChange(before, after, to, port, nowMs),
  );
  return {
    gained: inOrder([inside, ...outside].flatMap(({ gained }) => gained)),
    lost: inOrder([inside, ...outside].flatMap(({ lost }) => lost)),
  };
}

/** Each pattern and port once. */
function namedOutside(...views: readonly (NetworkView | null)[]) {
  const rules = views.flatMap((view) => (view === null ? [] : [...view.egressRules.values()]));
  return [...new Map(rules.map(({ to, port }) => [`${to}:${port}`, { to, port }])).values()];
}

function inOrder(reached: readonly Reached[]): readonly Reached[] {
  return [...reached].sort((one, other) => compareText(reachedText(one), reachedText(other)));
}
