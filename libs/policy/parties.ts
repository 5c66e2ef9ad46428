import type { AgentId, SandboxId } from '#libs/contracts/ids.js';
import { type DestinationName, isOutsideName } from '#libs/contracts/outside-names.js';
import type { Selector } from '#libs/contracts/selectors.js';
import { evaluateOutside } from './evaluate-outside.js';
import type { Topology } from './model.js';
import { compareText } from './order.js';
import { matchesSource } from './selector-match.js';

/** Whom a question about a connection concerns. */
export interface Parties {
  /** Agents of every sandbox that the selector stands for. */
  readonly sources: readonly AgentId[];
  /** Sandboxes it stands for that no agent holds. */
  readonly unplacedSources: readonly SandboxId[];
  readonly target: AgentId | null;
  /** Agents that rules name as exits for the name outside. */
  readonly exits: readonly AgentId[];
}

/**
 * Who is asked about connections from this selector to this alias, or to a name outside, which has no agent besides the
 * exits. Local nodes are asked themselves. `nowMs` as in `evaluate`.
 */
export function partiesOf(
  topology: Topology,
  from: Selector,
  to: DestinationName,
  port: number,
  nowMs: number,
): Parties {
  const sources = new Set<AgentId>();
  const unplacedSources: SandboxId[] = [];
  const exits = new Set<AgentId>();
  for (const { sandboxId, agentId } of topology.sandboxes.values()) {
    if (!matchesSource(topology, from, { kind: 'sandbox', sandboxId })) continue;
    if (agentId === null) unplacedSources.push(sandboxId);
    else sources.add(agentId);
    const via = isOutsideName(to) ? evaluateOutside(topology, { sandboxId, name: to, port }, nowMs).via : null;
    if (via !== null && via !== agentId) exits.add(via);
  }
  const record = isOutsideName(to) ? undefined : topology.aliases.get(to);
  const target = record === undefined ? null : (topology.sandboxes.get(record.sandboxId)?.agentId ?? null);
  return {
    sources: [...sources].sort(compareText),
    unplacedSources: unplacedSources.sort(compareText),
    target,
    exits: [...exits].sort(compareText),
  };
}
