import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { rest } from '#libs/async/rest.js';
import { WokenWork } from '#libs/async/woken-work.js';
import type { AgentId, SandboxId } from '#libs/contracts/ids.js';
import { LOGGER } from '../foundation/provided.js';
import { Directory } from '../record/directory.js';
import { DirectoryFeed } from '../record/directory-feed.js';
import { Inventories } from './inventories.js';

const RETRY_MS = 1_000;

/**
 * An agent reports a sandbox once and keeps it. If the sandbox's former agent lets go of it, or a pin no longer forbids
 * it, an earlier report of another agent takes effect without being repeated.
 */
@Injectable()
export class WaitingClaims {
  private readonly closing = new AbortController();
  /** Sandboxes that changed since they were last checked. */
  private readonly changed = new Set<SandboxId>();
  private readonly looking = new WokenWork(() => this.look());

  constructor(
    private readonly directory: Directory,
    private readonly feed: DirectoryFeed,
    private readonly inventories: Inventories,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  start(): void {
    this.feed.onChange(({ sandboxes }) => this.mayBeFree(sandboxes));
  }

  /** The agent was away, and sandboxes that it claims may have been released meanwhile. */
  agentReturned(agentId: AgentId): void {
    this.mayBeFree(this.inventories.reportedBy(agentId));
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.looking.idle();
  }

  private mayBeFree(sandboxIds: Iterable<SandboxId>): void {
    for (const sandboxId of sandboxIds) {
      if (this.isFree(sandboxId) && this.inventories.claimantsOf(sandboxId).length > 0) this.changed.add(sandboxId);
    }
    if (this.changed.size > 0) this.looking.wake();
  }

  private isFree(sandboxId: SandboxId): boolean {
    const sandbox = this.directory.sandbox(sandboxId);
    return sandbox !== null && (sandbox.agentId === null || !sandbox.present);
  }

  private async look(): Promise<void> {
    for (const sandboxId of this.changed) {
      if (this.closing.signal.aborted) return;
      this.changed.delete(sandboxId);
      try {
        await this.offer(sandboxId);
      } catch (error) {
        this.logger.warn(
          { err: error, sandboxId },
          'a released sandbox could not be placed on another agent; trying again',
        );
        this.changed.add(sandboxId);
        await rest(RETRY_MS, this.closing.signal);
      }
    }
  }

  /** Gives the sandbox to one of the agents in contact that report it; its former agent is tried last. */
  private async offer(sandboxId: SandboxId): Promise<void> {
    const former = this.directory.sandbox(sandboxId)?.formerAgentId ?? null;
    const claimants = this.inventories.claimantsOf(sandboxId);
    const inOrder = [...claimants.filter((agentId) => agentId !== former), ...claimants.filter((id) => id === former)];
    for (const agentId of inOrder) {
      if (!this.isFree(sandboxId)) return;
      await this.inventories.takeAgain(agentId, sandboxId);
    }
  }
}
