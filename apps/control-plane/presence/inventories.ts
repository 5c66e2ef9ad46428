import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Logger } from 'pino';
import type { Repository } from 'typeorm';
import { Batches } from '#libs/async/batches.js';
import type {
  InventoryMessage,
  InventoryReply,
  RefusedSandbox,
  SandboxConflict,
  SandboxReport,
} from '#libs/contracts/bus/from-member/inventory.js';
import { ISOLATION_STATES, parseInventoryMessage } from '#libs/contracts/bus/from-member/inventory.js';
import { BUS_PROTOCOL, parseMemberEnvelope } from '#libs/contracts/bus/protocol.js';
import type { AgentId, SandboxId } from '#libs/contracts/ids.js';
import { streamOf } from '#libs/domain/aggregate.js';
import { SANDBOX } from '#libs/domain/sandbox/aggregate.js';
import { decideSandbox, type SandboxCommand } from '#libs/domain/sandbox/decide.js';
import { ClaimRefusedError } from '#libs/domain/sandbox/refusals.js';
import { compareText } from '#libs/policy/order.js';
import { MemberIntake } from '../foundation/member-intake.js';
import { Metrics } from '../foundation/metrics.js';
import { LOGGER } from '../foundation/provided.js';
import { CommandExecutor, jsonOf } from '../record/command-executor.js';
import { Directory } from '../record/directory.js';
import { StreamStates } from '../record/stream-states.js';
import { StreamTurns } from '../record/stream-turns.js';
import { StreamUnreadableError } from '../record/unreadable-event.js';
import { AgentContacts } from './agent-contacts.js';
import { AgentInventory } from './agent-inventory.entity.js';
import { InventoryParts } from './inventory-parts.js';
import { KeptInventories } from './kept-inventories.js';
import { SandboxQuota } from './sandbox-quota.js';

type Claim = Extract<SandboxCommand, { readonly kind: 'ReportSandbox' }>;
type ReportOfAgent = Claim | Extract<SandboxCommand, { readonly kind: 'ReportGone' }>;

/** Reports written at a time; then other requests get as long as that took, or at most this long. */
const WRITES_AT_ONCE = 8;
const LONGEST_REST_MS = 25;
/** Inventories in one statement; each may have as many sandboxes as its agent's bounds allow. */
const MOST_ROWS_AT_ONCE = 100;

/** What agents report about their sandboxes: history goes into events, the rest is kept as last reported. */
@Injectable()
export class Inventories {
  private readonly inventories = new KeptInventories();
  private readonly parts = new InventoryParts();
  /** The content of the database. */
  private readonly written = new Map<AgentId, AgentInventory>();
  /** Reports of one agent are handled in order, so that a later inventory does not overtake an earlier one. */
  private readonly turns = new StreamTurns();
  private readonly writes: Batches<AgentId, AgentInventory>;
  private readonly listeners: ((sandboxIds: readonly SandboxId[]) => void)[] = [];

  constructor(
    private readonly directory: Directory,
    private readonly contacts: AgentContacts,
    private readonly executor: CommandExecutor,
    private readonly states: StreamStates,
    private readonly quota: SandboxQuota,
    private readonly intake: MemberIntake,
    @InjectRepository(AgentInventory) private readonly rows: Repository<AgentInventory>,
    @Inject(LOGGER) private readonly logger: Logger,
    metrics: Metrics,
  ) {
    this.writes = new Batches(async (inventories) => {
      await this.rows.upsert([...inventories], ['agentId']);
    }, MOST_ROWS_AT_ONCE);
    metrics.gauges(
      'gs_sandboxes',
      'Sandboxes of agents in contact, by isolation state, from their last report',
      ['isolation'],
      () => this.sandboxesByIsolation(),
    );
  }

  async start(): Promise<void> {
    for (const inventory of await this.rows.find()) {
      this.inventories.keep(inventory);
      this.written.set(inventory.agentId, inventory);
    }
  }

  /** Calls the listener with the sandboxes that an inventory says something new about. */
  onNews(listener: (sandboxIds: readonly SandboxId[]) => void): void {
    this.listeners.push(listener);
  }

  /** The report of the sandbox's agent; null: the agent has not reported since it started. */
  reportOf(sandboxId: SandboxId): SandboxReport | null {
    const owner = this.directory.sandbox(sandboxId)?.agentId ?? null;
    const inventory = owner === null ? null : this.saidBy(owner);
    return inventory?.sandboxes.find((report) => report.sandboxId === sandboxId) ?? null;
  }

  /** What the agent's driver refuses as a sandbox; first, why its whole last inventory was refused. */
  refusedBy(agentId: AgentId): readonly RefusedSandbox[] {
    const over = this.quota.refusalOf(agentId);
    return [...(over === null ? [] : [over]), ...(this.saidBy(agentId)?.refused ?? [])];
  }

  /** Agents in contact, other than its own, that report a sandbox, in order. */
  claimantsOf(sandboxId: SandboxId): readonly AgentId[] {
    const owner = this.directory.sandbox(sandboxId)?.agentId ?? null;
    return [...this.inventories.reportersOf(sandboxId)]
      .filter((agentId) => agentId !== owner && this.isInContact(agentId) && this.saidBy(agentId) !== null)
      .sort(compareText);
  }

  /** The sandboxes in the agent's last inventory. */
  reportedBy(agentId: AgentId): readonly SandboxId[] {
    return this.saidBy(agentId)?.sandboxes.map(({ sandboxId }) => sandboxId) ?? [];
  }

  /** Why this agent may not have a sandbox that it reports; null: it may, or does not report it. */
  refusalOf(agentId: AgentId, sandboxId: SandboxId): ClaimRefusedError | null {
    const inventory = this.saidBy(agentId);
    const report = inventory?.sandboxes.find((one) => one.sandboxId === sandboxId);
    return inventory === null || report === undefined ? null : this.refusal(claimOf(inventory, report));
  }

  /**
   * Writes what is new, then answers which sandboxes are this agent's and which belong to another; of an inventory in
   * parts after the last one. The number of sandboxes is checked first. Errors: SandboxLimitError, upon which nothing
   * was written; InventoryPartMissingError; InvalidInputError.
   */
  async take(agentId: AgentId, message: unknown): Promise<InventoryReply> {
    const { sandboxes } = parseMemberEnvelope(message);
    if (Array.isArray(sandboxes)) this.quota.requireRoom(agentId, sandboxes.length);
    const part = parseInventoryMessage(message);
    this.quota.requireRoom(agentId, this.parts.sandboxesWith(agentId, part));
    const inventory = this.parts.add(agentId, part);
    if (inventory === null) return { protocol: part.protocol, accepted: [], conflicts: [] };
    return this.turns.take(agentId, () => this.takeParsed(agentId, inventory));
  }

  /**
   * Handles again what an agent's last inventory says about one sandbox, which it may have now. Errors: the store's.
   */
  takeAgain(agentId: AgentId, sandboxId: SandboxId): Promise<void> {
    return this.turns.take(agentId, async () => {
      const inventory = this.isInContact(agentId) ? this.saidBy(agentId) : null;
      const report = inventory?.sandboxes.find((one) => one.sandboxId === sandboxId);
      if (inventory !== null && report !== undefined) await this.report(claimOf(inventory, report), true);
    });
  }

  /** Drops the inventory of a revoked agent. */
  async forget(agentId: AgentId): Promise<void> {
    this.inventories.drop(agentId);
    this.parts.forget(agentId);
    this.quota.forget(agentId);
    this.written.delete(agentId);
    await this.rows.delete({ agentId });
  }

  private sandboxesByIsolation() {
    const reports = this.directory
      .agents()
      .flatMap(({ state: { agentId } }) => (this.isInContact(agentId) ? (this.saidBy(agentId)?.sandboxes ?? []) : []));
    return ISOLATION_STATES.map((isolation) => ({
      labels: { isolation },
      value: reports.filter((report) => report.isolation === isolation).length,
    }));
  }

  private async takeParsed(agentId: AgentId, message: InventoryMessage): Promise<InventoryReply> {
    const last = this.inventories.of(agentId);
    const isOld = last !== null && last.bootId === message.bootId && message.sequence < last.sequence;
    if (isOld) return this.replyOf(last, message.protocol);
    const { bootId, sequence, driver, sandboxes, refused } = message;
    const inventory: AgentInventory = { agentId, bootId, sequence, driver, sandboxes, refused };
    const seen = new Set(sandboxes.map(({ sandboxId }) => sandboxId));
    const departures = this.directory
      .sandboxesOfAgent(agentId)
      .filter(({ sandboxId, present }) => present && !seen.has(sandboxId))
      .map(({ sandboxId }): ReportOfAgent => ({ kind: 'ReportGone', sandboxId, agentId }));
    // An inventory repeats what is known; it is written only if it changes something.
    const news = [...sandboxes.map((report) => claimOf(inventory, report)), ...departures].filter((command) =>
      this.isNews(command),
    );
    this.quota.requireChanges(agentId, news.length);
    // Kept first, so that whoever releases a sandbox from now on finds this agent's claim.
    this.inventories.keep(inventory);
    const changed = changedReports(last, inventory);
    if (changed.length > 0) for (const listener of this.listeners) listener(changed);
    const claimedBefore = new Set(last?.sandboxes.map(({ sandboxId }) => sandboxId));
    for (let start = 0; start < news.length; start += WRITES_AT_ONCE) {
      const beganMs = performance.now();
      const batch = news.slice(start, start + WRITES_AT_ONCE);
      await Promise.all(batch.map((command) => this.report(command, !claimedBefore.has(command.sandboxId))));
      if (batch.length === WRITES_AT_ONCE) await pause(Math.min(performance.now() - beganMs, LONGEST_REST_MS));
      // The rest is written when the agent reports again.
      if (this.intake.isFlooding(`agent ${agentId}`)) {
        this.logger.warn(
          { agentId, left: news.length - start - batch.length },
          'the rest of an inventory is dropped, because its agent floods the bus',
        );
        break;
      }
    }
    // Inventories are repeated after each hello; what is in the database already is not written again.
    const written = this.written.get(agentId);
    if (written === undefined || !saysTheSame(written, inventory)) {
      await this.writes.add(agentId, inventory);
      this.written.set(agentId, inventory);
    }
    return this.replyOf(inventory, message.protocol);
  }

  /** Nothing is news about a sandbox whose stream cannot be read. */
  private isNews(command: ReportOfAgent): boolean {
    if (this.directory.unreadable(streamOf(SANDBOX, command.sandboxId)) !== null) return false;
    const decision = decideSandbox(command, this.directory.sandbox(command.sandboxId));
    return !('events' in decision) || decision.events.length > 0;
  }

  /** The agent's last inventory; null: the agent has restarted since, and what ran before may be gone. */
  private saidBy(agentId: AgentId): AgentInventory | null {
    const inventory = this.inventories.of(agentId);
    return inventory !== null && inventory.bootId === this.contacts.of(agentId)?.bootId ? inventory : null;
  }

  /** A revoked agent's last contact may be recent, but no longer counts. */
  private isInContact(agentId: AgentId): boolean {
    return this.directory.agent(agentId)?.state.status === 'enrolled' && this.contacts.statusOf(agentId) === 'ONLINE';
  }

  /** Reporting a sandbox of another agent is no error of the inventory: the answer says so for each. */
  private async report(command: ReportOfAgent, isFirstClaim: boolean): Promise<void> {
    try {
      await this.write(command);
    } catch (error) {
      const { agentId, sandboxId } = command;
      // The other sandboxes of the inventory are not affected.
      if (error instanceof StreamUnreadableError) {
        this.logger.error({ agentId, sandboxId, code: error.code }, error.message);
        return;
      }
      if (!(error instanceof ClaimRefusedError)) throw error;
      if (!isFirstClaim) return;
      this.logger.warn({ agentId, sandboxId, owner: error.owner, code: error.code }, error.message);
    }
  }

  private async write(command: ReportOfAgent): Promise<void> {
    const { sandboxId, agentId } = command;
    if (!this.isNews(command)) return;
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
      decide: (sandbox) => decideSandbox(command, sandbox),
      answer: () => null,
      isNew: true,
    });
  }

  private refusal(command: Claim): ClaimRefusedError | null {
    const decision = decideSandbox(command, this.directory.sandbox(command.sandboxId));
    return decision instanceof ClaimRefusedError ? decision : null;
  }

  private replyOf(inventory: AgentInventory, protocol: number): InventoryReply {
    const conflicts = inventory.sandboxes.flatMap((report): readonly SandboxConflict[] => {
      const refusal = this.refusal(claimOf(inventory, report));
      if (refusal === null) return [];
      const { sandboxId } = report;
      // Members of the previous protocol know only one code.
      const code = protocol < BUS_PROTOCOL ? 'PLACEMENT_CONFLICT' : refusal.code;
      return [{ sandboxId, code, owner: refusal.owner }];
    });
    const contested = new Set(conflicts.map(({ sandboxId }) => sandboxId));
    const accepted = inventory.sandboxes
      .map(({ sandboxId }) => sandboxId)
      .filter((sandboxId) => {
        return !contested.has(sandboxId) && this.directory.unreadable(streamOf(SANDBOX, sandboxId)) === null;
      });
    return { protocol: BUS_PROTOCOL, accepted, conflicts };
  }
}

/** Sandboxes that are in only one of the inventories, or differ between them. */
function changedReports(before: AgentInventory | null, now: AgentInventory): readonly SandboxId[] {
  const said = new Map(before?.sandboxes.map((report) => [report.sandboxId, JSON.stringify(report)]));
  const isSameLife = before?.bootId === now.bootId;
  const changed = now.sandboxes.flatMap((report) => {
    const isSame = said.get(report.sandboxId) === JSON.stringify(report);
    said.delete(report.sandboxId);
    return isSame && isSameLife ? [] : report.sandboxId;
  });
  return [...changed, ...said.keys()];
}

/** In everything but their sequence numbers. */
function saysTheSame(one: AgentInventory, other: AgentInventory): boolean {
  return JSON.stringify({ ...one, sequence: 0 }) === JSON.stringify({ ...other, sequence: 0 });
}

function claimOf({ agentId, driver }: AgentInventory, { sandboxId, address }: SandboxReport): Claim {
  return { kind: 'ReportSandbox', sandboxId, agentId, address, driver };
}
