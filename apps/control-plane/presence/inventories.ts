import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Logger } from 'pino';
import type { Repository } from 'typeorm';
import type {
  InventoryMessage,
  InventoryReply,
  RefusedSandbox,
  SandboxReport,
} from '#libs/contracts/bus/from-member/inventory.js';
import { BUS_PROTOCOL } from '#libs/contracts/bus/protocol.js';
import type { AgentId, SandboxId } from '#libs/contracts/ids.js';
import { streamOf } from '#libs/domain/aggregate.js';
import type { Decision } from '#libs/domain/decision.js';
import { SANDBOX } from '#libs/domain/sandbox/aggregate.js';
import { decideSandbox, type SandboxCommand } from '#libs/domain/sandbox/decide.js';
import type { SandboxEvent } from '#libs/domain/sandbox/events.js';
import { PlacementConflictError } from '#libs/domain/sandbox/refusals.js';
import type { SandboxState } from '#libs/domain/sandbox/state.js';
import { LOGGER } from '../foundation/provided.js';
import { CommandExecutor, jsonOf } from '../record/command-executor.js';
import { Directory } from '../record/directory.js';
import { StreamStates } from '../record/stream-states.js';
import { AgentContacts } from './agent-contacts.js';
import { AgentInventory } from './agent-inventory.entity.js';

/** What agents report of their sandboxes: history goes into events, the rest is kept as last said. */
@Injectable()
export class Inventories {
  private readonly inventories = new Map<AgentId, AgentInventory>();

  constructor(
    private readonly directory: Directory,
    private readonly contacts: AgentContacts,
    private readonly executor: CommandExecutor,
    private readonly states: StreamStates,
    @InjectRepository(AgentInventory) private readonly rows: Repository<AgentInventory>,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async start(): Promise<void> {
    for (const inventory of await this.rows.find()) this.inventories.set(inventory.agentId, inventory);
  }

  /** What the sandbox's agent reports of it; null: the agent has not reported since it started. */
  reportOf(sandboxId: SandboxId): SandboxReport | null {
    const owner = this.directory.sandbox(sandboxId)?.agentId ?? null;
    const inventory = owner === null ? null : this.saidBy(owner);
    return inventory?.sandboxes.find((report) => report.sandboxId === sandboxId) ?? null;
  }

  /** What the agent's driver cannot take for a sandbox. */
  refusedBy(agentId: AgentId): readonly RefusedSandbox[] {
    return this.saidBy(agentId)?.refused ?? [];
  }

  /** Agents that claim a sandbox which belongs to another. */
  claimantsOf(sandboxId: SandboxId): readonly AgentId[] {
    return [...this.inventories.values()]
      .filter(({ conflicts }) => conflicts.some((conflict) => conflict.sandboxId === sandboxId))
      .map(({ agentId }) => agentId);
  }

  /** Writes what is new, then answers which sandboxes are this agent's and which belong to another. */
  async take(agentId: AgentId, message: InventoryMessage): Promise<InventoryReply> {
    const last = this.inventories.get(agentId);
    const isOld = last !== undefined && last.bootId === message.bootId && message.sequence < last.sequence;
    if (isOld) return replyOf(last);
    const conflicts: InventoryReply['conflicts'][number][] = [];
    for (const report of message.sandboxes) {
      const owner = await this.report(agentId, message.driver, report);
      if (owner !== null) conflicts.push({ sandboxId: report.sandboxId, code: 'PLACEMENT_CONFLICT', owner });
    }
    const seen = new Set(message.sandboxes.map(({ sandboxId }) => sandboxId));
    for (const sandbox of this.directory.sandboxes()) {
      if (sandbox.agentId !== agentId || !sandbox.present || seen.has(sandbox.sandboxId)) continue;
      await this.write({ kind: 'ReportGone', sandboxId: sandbox.sandboxId, agentId });
    }
    const { bootId, sequence, driver, sandboxes, refused } = message;
    const inventory: AgentInventory = { agentId, bootId, sequence, driver, sandboxes, conflicts, refused };
    this.inventories.set(agentId, inventory);
    await this.rows.upsert({ ...inventory }, ['agentId']);
    return replyOf(inventory);
  }

  /** Of an agent that was revoked: what it said counts no more. */
  async forget(agentId: AgentId): Promise<void> {
    this.inventories.delete(agentId);
    await this.rows.delete({ agentId });
  }

  /** The agent's last inventory; null when the agent has restarted since, because what ran before may be gone. */
  private saidBy(agentId: AgentId): AgentInventory | null {
    const inventory = this.inventories.get(agentId);
    return inventory !== undefined && inventory.bootId === this.contacts.of(agentId)?.bootId ? inventory : null;
  }

  /** The owner, when it is another agent; null when the sandbox is this agent's. */
  private async report(
    agentId: AgentId,
    driver: string,
    { sandboxId, address }: SandboxReport,
  ): Promise<AgentId | null> {
    try {
      await this.write({ kind: 'ReportSandbox', sandboxId, agentId, address, driver });
      return null;
    } catch (error) {
      if (!(error instanceof PlacementConflictError)) throw error;
      this.logger.warn({ agentId, sandboxId, owner: error.owner, code: error.code }, 'sandbox claimed by two agents');
      return error.owner;
    }
  }

  private async write(command: Exclude<SandboxCommand, { readonly kind: 'LabelSandbox' }>): Promise<void> {
    const { sandboxId, agentId } = command;
    // An inventory repeats what is known: it leaves no row behind unless it changes something.
    const known = decideSandbox(command, this.directory.sandbox(sandboxId));
    if ('events' in known && known.events.length === 0) return;
    const context = {
      commandId: `inventory:${randomUUID()}`,
      actor: `agent:${agentId}`,
      correlationId: `inventory:${agentId}`,
      expectedVersion: null,
    };
    await this.executor.execute({
      context,
      request: jsonOf(command),
      streamId: streamOf(SANDBOX, sandboxId),
      load: () => this.states.sandbox(sandboxId),
      decide: (sandbox): Decision<SandboxEvent, SandboxState | null> => decideSandbox(command, sandbox),
      answer: () => null,
    });
  }
}

function replyOf({ sandboxes, conflicts }: AgentInventory): InventoryReply {
  const contested = new Set(conflicts.map(({ sandboxId }) => sandboxId));
  return {
    protocol: BUS_PROTOCOL,
    accepted: sandboxes.map(({ sandboxId }) => sandboxId).filter((sandboxId) => !contested.has(sandboxId)),
    conflicts,
  };
}
