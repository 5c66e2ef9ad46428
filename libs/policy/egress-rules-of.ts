import { type PrintedEgressRule, printEgressRule } from '#libs/contracts/egress-rules.js';
import type { AgentId, SandboxId } from '#libs/contracts/ids.js';
import { formatSelector } from '#libs/contracts/selectors.js';
import type { EgressRule, Topology } from './model.js';
import { sortedBy } from './order.js';
import { selectorsFor } from './selector-match.js';

/** Kept, because one topology is compiled and hashed for many agents. */
const found = new WeakMap<Topology, Map<AgentId, readonly PrintedEgressRule[]>>();
const NONE: readonly PrintedEgressRule[] = [];

/**
 * The egress rules that an agent gets, in order of id: those whose sources include one of its sandboxes, those that
 * name it as the exit, and denies for the sources of these. It gets no others.
 */
export function egressRulesOf(topology: Topology, agentId: AgentId): readonly PrintedEgressRule[] {
  if (topology.egressRules.size === 0) return NONE;
  const ofAgents = found.get(topology) ?? new Map<AgentId, readonly PrintedEgressRule[]>();
  const known = ofAgents.get(agentId);
  if (known !== undefined) return known;
  const rules = [...topology.egressRules.values()];
  const ownSelectors = selectorsOf(topology, (_sandboxId, holder) => holder === agentId);
  const exits = new Set(rules.filter(({ via }) => via === agentId).map(({ from }) => formatSelector(from)));
  const exitSelectors = selectorsOf(topology, (sandboxId) => exits.size > 0 && isSource(topology, sandboxId, exits));
  const isConcerned = (rule: EgressRule): boolean =>
    ownSelectors.has(formatSelector(rule.from)) ||
    rule.via === agentId ||
    (rule.effect === 'deny' && exitSelectors.has(formatSelector(rule.from)));
  const concerned = sortedBy(rules.filter(isConcerned), ({ id }) => id).map(printEgressRule);
  found.set(topology, ofAgents.set(agentId, concerned));
  return concerned;
}

/** Every selector that matches one of these sandboxes. */
function selectorsOf(
  topology: Topology,
  isMeant: (sandboxId: SandboxId, holder: AgentId | null) => boolean,
): ReadonlySet<string> {
  const selectors = new Set<string>();
  for (const { sandboxId, agentId } of topology.sandboxes.values()) {
    if (!isMeant(sandboxId, agentId)) continue;
    for (const selector of selectorsFor(topology, { kind: 'sandbox', sandboxId })) selectors.add(selector);
  }
  return selectors;
}

function isSource(topology: Topology, sandboxId: SandboxId, selectors: ReadonlySet<string>): boolean {
  return [...selectorsFor(topology, { kind: 'sandbox', sandboxId })].some((selector) => selectors.has(selector));
}
