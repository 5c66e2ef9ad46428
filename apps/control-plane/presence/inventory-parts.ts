import type { InventoryMessage } from '#libs/contracts/bus/from-member/inventory.js';
import { joinInventory } from '#libs/contracts/bus/from-member/inventory.js';
import { CodedError } from '#libs/contracts/errors.js';
import type { AgentId } from '#libs/contracts/ids.js';

/**
 * A part of an inventory arrived without its earlier parts, for instance after a restart in between. The agent begins
 * again.
 */
export class InventoryPartMissingError extends CodedError {}

/** The parts of inventories that agents are sending: of each agent those of one inventory, in order. */
export class InventoryParts {
  private readonly collected = new Map<AgentId, readonly InventoryMessage[]>();

  /** The number of sandboxes in this part and the earlier parts of the same inventory. */
  sandboxesWith(agentId: AgentId, part: InventoryMessage): number {
    return [...this.before(agentId, part), part].reduce((sum, { sandboxes }) => sum + sandboxes.length, 0);
  }

  /**
   * The whole inventory once its last part has arrived; null before. Errors: InventoryPartMissingError,
   * InvalidInputError.
   */
  add(agentId: AgentId, message: InventoryMessage): InventoryMessage | null {
    const { index, count } = message.part;
    if (count === 1) {
      this.collected.delete(agentId);
      return message;
    }
    const before = this.before(agentId, message);
    if (before.length < index) {
      throw new InventoryPartMissingError(
        'INVENTORY_PART_MISSING',
        `part ${index + 1} of ${count} arrived, but part ${before.length + 1} did not`,
        'nothing: the agent sends its inventory again',
      );
    }
    const parts = [...before, message];
    // Kept after the last part too, because that is sent again if its answer was lost.
    this.collected.set(agentId, parts);
    return parts.length === count ? joinInventory(parts) : null;
  }

  forget(agentId: AgentId): void {
    this.collected.delete(agentId);
  }

  private before(agentId: AgentId, message: InventoryMessage): readonly InventoryMessage[] {
    const { part, bootId, sequence } = message;
    return (this.collected.get(agentId) ?? [])
      .filter((other) => other.bootId === bootId && other.sequence === sequence && other.part.count === part.count)
      .slice(0, part.index);
  }
}
