import type { OutsideName, OutsidePattern, SandboxId } from '#libs/contracts/ids.js';
import { baseOf, isWildcard } from '#libs/contracts/outside-names.js';
import { evaluateOutside } from './evaluate-outside.js';
import type { NetworkView } from './model.js';
import type { ReachabilityChange, Reached } from './reachability.js';

/** Stands for every name below a wildcard that no other rule names. */
const ANY_LABEL = 'any';

/**
 * Which sandboxes gain or lose a name outside, or the names below a wildcard that no other rule names, by the function
 * that decides live traffic. In the order of their ids.
 */
export function outsideReachabilityChange(
  before: NetworkView,
  after: NetworkView,
  pattern: OutsidePattern,
  port: number,
): ReachabilityChange {
  const name = (isWildcard(pattern) ? `${ANY_LABEL}.${baseOf(pattern)}` : pattern) as OutsideName;
  const may = (view: NetworkView, sandboxId: SandboxId) =>
    evaluateOutside(view, { sandboxId, name, port }).effect === 'allow';
  const reached = (sandboxId: SandboxId): Reached => ({ from: `sandbox:${sandboxId}`, alias: pattern, port });
  const ids = [...new Set([...before.sandboxes.keys(), ...after.sandboxes.keys()])].sort();
  return {
    gained: ids.filter((id) => may(after, id) && !may(before, id)).map(reached),
    lost: ids.filter((id) => may(before, id) && !may(after, id)).map(reached),
  };
}
