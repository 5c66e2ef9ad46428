import type { DestinationName } from '#libs/contracts/outside-names.js';
import type { Selector } from '#libs/contracts/selectors.js';
import type { VerdictReason } from '#libs/contracts/verdicts.js';
import { evaluateDestination } from './evaluate-destination.js';
import type { FlowSource, NetworkView, SelectorVerdict, Topology, Verdict } from './model.js';
import { mergeNearMisses } from './near-misses.js';
import { sortedBy } from './order.js';
import { sourcesOf } from './selector-match.js';

/**
 * The verdict on everybody a selector stands for, about an alias or a name outside. `local` asks about a local node
 * that no rule names, `local:<user>` and `sandbox:<id>` about one source; `any`, a label and an alias ask about each
 * attached sandbox that they match. Members of one mind give one verdict, others `mixed` with the verdict of each. A
 * selector that stands for nobody is NOT_ATTACHED. `nowMs` as in `evaluate`.
 */
export function evaluateSelector(
  view: NetworkView,
  selector: Selector,
  to: DestinationName,
  port: number,
  nowMs: number,
): SelectorVerdict {
  switch (selector.kind) {
    case 'local':
      return { ...evaluateDestination(view, { kind: 'local', user: null }, to, port, nowMs), members: [] };
    case 'local-user':
      return { ...evaluateDestination(view, { kind: 'local', user: selector.user }, to, port, nowMs), members: [] };
    case 'sandbox':
      return { ...evaluateDestination(view, selector, to, port, nowMs), members: [] };
    case 'any':
    case 'label':
    case 'alias':
      return joined(view, membersOf(view, selector, to, port, nowMs));
  }
}

/** As `evaluateSelector`, of what agents serve: of a quarantined network they serve nothing, whatever its rules say. */
export function evaluateServed(
  topology: Topology,
  selector: Selector,
  to: DestinationName,
  port: number,
  nowMs: number,
): SelectorVerdict {
  if (topology.quarantinedSince === null) return evaluateSelector(topology, selector, to, port, nowMs);
  const { version } = topology;
  return { effect: 'deny', reason: 'QUARANTINED', ruleId: null, nearMisses: [], members: [], version };
}

interface Member {
  readonly source: FlowSource;
  readonly verdict: Verdict;
}

function membersOf(
  view: NetworkView,
  selector: Selector,
  to: DestinationName,
  port: number,
  nowMs: number,
): readonly Member[] {
  return sourcesOf(view, selector).map((source) => ({
    source,
    verdict: evaluateDestination(view, source, to, port, nowMs),
  }));
}

/** Which reason speaks for members that agree on the effect for different reasons. */
const SPEAKING_ORDER: readonly VerdictReason[] = ['EXPLICIT_DENY', 'DEFAULT_DENY'];

function joined(view: NetworkView, members: readonly Member[]): SelectorVerdict {
  const nearMisses = mergeNearMisses(members.flatMap(({ verdict }) => verdict.nearMisses));
  const rest = { nearMisses, version: view.version };
  const [head] = members;
  if (head === undefined) return { effect: 'deny', reason: 'NOT_ATTACHED', ruleId: null, members: [], ...rest };
  if (members.some(({ verdict }) => verdict.effect !== head.verdict.effect)) {
    return { effect: 'mixed', reason: 'MIXED', ruleId: null, members, ...rest };
  }
  const reasons = new Set(members.map(({ verdict }) => verdict.reason));
  const reason = SPEAKING_ORDER.find((candidate) => reasons.has(candidate)) ?? head.verdict.reason;
  const [speaker = head] = sortedBy(
    members.filter(({ verdict }) => verdict.reason === reason),
    ({ verdict }) => verdict.ruleId ?? '',
  );
  return { ...speaker.verdict, members: [], ...rest };
}
