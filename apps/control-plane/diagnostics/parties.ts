import type { AgentId, AliasName, SandboxId } from '#libs/contracts/ids.js';
import type { Selector } from '#libs/contracts/selectors.js';
import type { Topology } from '#libs/policy/model.js';
import { compareText } from '#libs/policy/order.js';
import { matchesSource } from '#libs/policy/selector-match.js';

/** Whom a question about a connection concerns. */
export interface Parties {
  /** Agents of every sandbox that the selector stands for. */
  readonly sources: readonly AgentId[];
  /** Sandboxes it stands for that no agent holds. */
  readonly unplacedSources: readonly SandboxId[];
  readonly target: AgentId | null;
}

/** Who is asked about connections from this selector to this alias. Local nodes are asked themselves. */
export function partiesOf(topology: Topology, from: Selector, alias: AliasName): Parties {
  const sources = new Set<AgentId>();
  const unplacedSources: SandboxId[] = [];
  for (const { sandboxId, agentId } of topology.sandboxes.values()) {
    if (!matchesSource(topology, from, { kind: 'sandbox', sandboxId })) continue;
    if (agentId === null) unplacedSources.push(sandboxId);
    else sources.add(agentId);
  }
  const record = topology.aliases.get(alias);
  const target = record === undefined ? null : (topology.sandboxes.get(record.sandboxId)?.agentId ?? null);
  return { sources: [...sources].sort(compareText), unplacedSources: unplacedSources.sort(compareText), target };
}
