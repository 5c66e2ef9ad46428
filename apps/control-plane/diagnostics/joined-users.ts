import type { UserName } from '#libs/contracts/ids.js';
import type { DestinationName } from '#libs/contracts/outside-names.js';
import type { Selector } from '#libs/contracts/selectors.js';
import { evaluateDestination } from '#libs/policy/evaluate-destination.js';
import type { NetworkView, SelectorVerdict } from '#libs/policy/model.js';
import { sortedBy } from '#libs/policy/order.js';

export interface DecidedQuestion {
  readonly selector: Selector;
  readonly to: DestinationName;
  readonly port: number;
  readonly nowMs: number;
}

/**
 * The verdict about `local` is that about a machine that no rule names. If users whose machines are asked are decided
 * otherwise, because a rule names them, the verdict is mixed and has them.
 */
export function withJoinedUsers(
  view: NetworkView,
  { selector, to, port, nowMs }: DecidedQuestion,
  verdict: SelectorVerdict,
  joined: readonly UserName[],
): SelectorVerdict {
  if (selector.kind !== 'local') return verdict;
  const users = sortedBy([...new Set(joined)], (user) => user);
  const members = [null, ...users].map((user) => {
    const source = { kind: 'local', user } as const;
    return { source, verdict: evaluateDestination(view, source, to, port, nowMs) };
  });
  if (members.every((member) => member.verdict.effect === verdict.effect)) return verdict;
  return { ...verdict, effect: 'mixed', reason: 'MIXED', ruleId: null, members };
}
