import type { OutsideName, OutsidePattern, SandboxId } from '#libs/contracts/ids.js';
import { baseOf, isWildcard } from '#libs/contracts/outside-names.js';
import { evaluateOutside } from './evaluate-outside.js';
import type { NetworkView } from './model.js';
import type { ReachabilityChange, Reached } from './reachability.js';

/** Stands for every name below a wildcard that no other rule names. */
const ANY_LABEL = 'any';

/**
 * Which sandboxes gain or lose a name outside, or the names below a wildcard that no other rule names, by the function
 * that decides live traffic. In the order of their ids. null: there is no such network.
 * `nowMs` as in `evaluate`.
 */
export function outsideReachabilityChange(
  before: NetworkView | null,
  after: NetworkView | null,
  pattern: OutsidePattern,
  port: number,
  nowMs: number,
): ReachabilityChange {
  const name = (isWildcard(pattern) ? `${ANY_LABEL}.${baseOf(pattern)}` : pattern) as OutsideName;
  const may = (view: NetworkView | null, sandboxId: SandboxId) =>
    view !== null && evaluateOutside(view, { sandboxId, name, port }, nowMs).effect === 'allow';
  const reached = (sandboxId: SandboxId): Reached => ({ from: `sandbox:${sandboxId}`, alias: pattern, port });
  const ids = [...new Set([before, after].flatMap((view) => [...(view?.sandboxes.keys() ?? [])]))].sort();
  return {
    gained: ids.filter((id) => may(after, id) && !may(before, id)).map(reached),
    lost: ids.filter((id) => may(before, id) && !may(after, id)).map(reached),
  };
}
