import type { AgentId, SandboxId } from '#libs/contracts/ids.js';
import type { AgentInventory } from './agent-inventory.entity.js';

/** The last inventory of each agent, and by sandbox the agents that report it. */
export class KeptInventories {
  private readonly byAgent = new Map<AgentId, AgentInventory>();
  private readonly reporters = new Map<SandboxId, Set<AgentId>>();

  of(agentId: AgentId): AgentInventory | null {
    return this.byAgent.get(agentId) ?? null;
  }

  reportersOf(sandboxId: SandboxId): Iterable<AgentId> {
    return this.reporters.get(sandboxId) ?? [];
  }

  /** Replaces the agent's former inventory. */
  keep(inventory: AgentInventory): void {
    const { agentId, sandboxes } = inventory;
    this.drop(agentId);
    this.byAgent.set(agentId, inventory);
    for (const { sandboxId } of sandboxes) {
      this.reporters.set(sandboxId, (this.reporters.get(sandboxId) ?? new Set()).add(agentId));
    }
  }

  drop(agentId: AgentId): void {
    for (const { sandboxId } of this.of(agentId)?.sandboxes ?? []) {
      const reporters = this.reporters.get(sandboxId);
      if (reporters?.delete(agentId) && reporters.size === 0) this.reporters.delete(sandboxId);
    }
    this.byAgent.delete(agentId);
  }
}
