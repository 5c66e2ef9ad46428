import { type FlowsReply, MOST_PAIRS, type OpenFlows } from '#libs/contracts/bus/to-member/diagnose.js';
import type { NetworkId } from '#libs/contracts/ids.js';
import { formatSelector } from '#libs/contracts/selectors.js';
import type { FlowSummary } from '#libs/data-plane/data-plane.js';
import { evaluateDestination } from '#libs/policy/evaluate-destination.js';
import type { FlowSource, NetworkView } from '#libs/policy/model.js';

/** The open flows of a network, those of one source to one port at one end together: the most first. */
export function openFlows(
  flows: readonly FlowSummary[],
  networkId: NetworkId,
  view: NetworkView | null,
  nowMs: number,
): Pick<FlowsReply, 'pairs' | 'leftOut'> {
  const open = flows.filter((flow) => flow.networkId === networkId && flow.state === 'open');
  const groups = Map.groupBy(open, ({ source, alias, port, role }) => JSON.stringify([source, alias, port, role]));
  const pairs = [...groups.values()].flatMap((group) => pairOf(group, view, nowMs) ?? []);
  pairs.sort((one, other) => other.open - one.open);
  return { pairs: pairs.slice(0, MOST_PAIRS), leftOut: Math.max(0, pairs.length - MOST_PAIRS) };
}

/** null: nobody knows where they came from. */
function pairOf(group: readonly FlowSummary[], view: NetworkView | null, nowMs: number): OpenFlows | null {
  const [first] = group;
  if (first === undefined || first.source === null) return null;
  const { source, alias, port, role } = first;
  return {
    ...{ from: selectorOf(source), alias, port, end: role, open: group.length },
    oldestOpenedAt: group.map(({ openedAt }) => openedAt).sort()[0] ?? first.openedAt,
    bytesToTarget: group.reduce((sum, { bytesToTarget }) => sum + bytesToTarget, 0),
    bytesToSource: group.reduce((sum, { bytesToSource }) => sum + bytesToSource, 0),
    ruleId: view === null ? null : evaluateDestination(view, source, alias, port, nowMs).ruleId,
  };
}

function selectorOf(source: FlowSource): string {
  if (source.kind === 'sandbox') return formatSelector(source);
  return formatSelector({ kind: 'local-user', user: source.user });
}
