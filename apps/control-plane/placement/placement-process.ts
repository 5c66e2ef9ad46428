import { randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { Inject, Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Logger } from 'pino';
import type { Repository } from 'typeorm';
import { CodedError } from '#libs/contracts/errors.js';
import { parseCommandId } from '#libs/contracts/ids.js';
import { AGENT } from '#libs/domain/agent/aggregate.js';
import { eventOf, idOfStream, streamOf } from '#libs/domain/aggregate.js';
import { sameLabels } from '#libs/domain/labels.js';
import { NETWORK } from '#libs/domain/network/aggregate.js';
import { decideNetwork } from '#libs/domain/network/decide.js';
import { NetworkNotFoundError } from '#libs/domain/network/refusals.js';
import { type FollowUp, PLACEMENT_ACTOR } from '#libs/domain/placement/follow-up.js';
import { type PlacedEvent, PlacementFollower } from '#libs/domain/placement/placement-follower.js';
import { SANDBOX } from '#libs/domain/sandbox/aggregate.js';
import { decideSandbox } from '#libs/domain/sandbox/decide.js';
import type { EventStore, StoredEvent, Subscription } from '#libs/event-store/event-store.js';
import { EVENT_STORE, LOGGER } from '../foundation/provided.js';
import { CommandExecutor, jsonOf } from '../record/command-executor.js';
import { Directory, ENDS } from '../record/directory.js';
import { DirectoryFeed } from '../record/directory-feed.js';
import type { KeptLogState } from '../record/log-states.js';
import { StreamStates } from '../record/stream-states.js';
import { StreamUnreadableError } from '../record/unreadable-event.js';
import { ProcessCursor } from './process-cursor.entity.js';

const NAME = 'placement';
/**
 * The stored cursor moves past events that have nothing to copy only when there are this many of them. To read them
 * again after a restart costs little; to move it for each command would cost a second transaction.
 */
const CURSOR_EVERY = 500;

/**
 * Executes the follower's commands. At each start the follower reads the log from where the directory took it up, or
 * from its beginning; commands from before the cursor were executed already, and those in progress when the process
 * ended have the same ids.
 */
@Injectable()
export class PlacementProcess {
  private readonly followed = new EventEmitter().setMaxListeners(0);
  private readonly closing = new AbortController();
  private follower = new PlacementFollower();
  private readonly unreadable = new Set<string>();
  /** As stored. */
  private cursor = 0;
  private taken = 0;
  /** Up to here, the commands were executed too. */
  private done = 0;
  private subscription: Subscription | null = null;

  constructor(
    private readonly executor: CommandExecutor,
    private readonly states: StreamStates,
    private readonly directory: Directory,
    private readonly feed: DirectoryFeed,
    @InjectRepository(ProcessCursor) private readonly cursors: Repository<ProcessCursor>,
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async start(): Promise<void> {
    await this.copyWhatIsMissing();
    this.cursor = (await this.cursors.findOneBy({ name: NAME }))?.position ?? 0;
    this.takeUp(this.feed.takeRestored());
    const waiting: FollowUp[] = [];
    this.subscription = this.store.subscribe(
      this.taken,
      async (events) => {
        // A failed batch comes again: the follower takes each event once, and its commands wait meanwhile.
        for (const event of events) {
          if (event.position <= this.taken) continue;
          this.taken = event.position;
          if (event.position > this.cursor) waiting.push(...this.followUps(event));
          else this.followUps(event);
        }
        const isCopying = waiting.length > 0;
        for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
          await this.carryOut(next);
          waiting.shift();
        }
        this.done = this.taken;
        this.followed.emit('done');
        if (isCopying || this.taken - this.cursor >= CURSOR_EVERY) await this.advance();
      },
      (error) =>
        this.logger.warn({ err: error }, 'changes of sandboxes could not be copied to their networks; trying again'),
    );
  }

  /**
   * Resolves to true once every command that follows from the log up to this position was executed, and the stored
   * cursor keeps a restart from executing it again; to false if this process ends before.
   */
  async hasFollowed(position: number): Promise<boolean> {
    const { signal } = this.closing;
    while (this.done < position) {
      if (signal.aborted) return false;
      await once(this.followed, 'done', { signal }).catch(() => {});
    }
    await this.advance();
    return true;
  }

  /** A state from behind the cursor lacks what leads to the commands between both. */
  private takeUp(restored: KeptLogState | null): void {
    if (restored === null || restored.position > this.cursor) return;
    const { sandboxes, networks } = restored.state;
    this.follower = PlacementFollower.after(
      sandboxes,
      networks.map(({ topology }) => topology),
    );
    this.taken = restored.position;
    this.done = restored.position;
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.subscription?.close();
  }

  /** A stream that could not be read until now lacks what should have been copied to it meanwhile. */
  private async copyWhatIsMissing(): Promise<void> {
    for (const { topology, unreadable } of this.directory.networks()) {
      if (unreadable !== null) continue;
      const { networkId } = topology;
      for (const copy of topology.sandboxes.values()) {
        if (this.directory.unreadable(streamOf(SANDBOX, copy.sandboxId)) !== null) continue;
        const { sandboxId, agentId, labels } = this.directory.sandbox(copy.sandboxId) ?? copy;
        const commandId = parseCommandId(`placement-start:${randomUUID()}`, 'commandId');
        if (agentId !== copy.agentId) {
          const command = { kind: 'ChangePlacement', sandboxId, agentId } as const;
          await this.carryOut({ stream: 'network', commandId, networkId, command });
        }
        if (!sameLabels(labels, copy.labels)) {
          const command = { kind: 'ChangeLabels', sandboxId, labels } as const;
          await this.carryOut({
            stream: 'network',
            commandId: parseCommandId(`${commandId}:labels`, 'commandId'),
            networkId,
            command,
          });
        }
      }
    }
  }

  private async advance(): Promise<void> {
    const { done: position } = this;
    if (position <= this.cursor) return;
    await this.cursors.upsert({ name: NAME, position }, ['name']);
    this.cursor = position;
  }

  private followUps(stored: StoredEvent): readonly FollowUp[] {
    if (this.unreadable.has(stored.streamId) && !ENDS.has(stored.type)) return [];
    try {
      const placed = placedEventOf(stored);
      const followUps = placed === null ? [] : this.follower.take(placed);
      // If a sandbox's own stream cannot be read, its networks may know something newer than is known here.
      return followUps.filter(({ command }) => !this.unreadable.has(streamOf(SANDBOX, command.sandboxId)));
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      this.unreadable.add(stored.streamId);
      this.logger.error(
        { err: error, position: stored.position, code: error.code },
        'an event of a stream cannot be read: changes of sandboxes in this stream are not followed',
      );
      return [];
    }
  }

  private async carryOut(followUp: FollowUp): Promise<void> {
    const context = {
      commandId: followUp.commandId,
      actor: PLACEMENT_ACTOR,
      correlationId: followUp.commandId,
      expectedVersion: null,
    };
    const request = jsonOf(followUp.command);
    const answer = (): null => null;
    try {
      if (followUp.stream === 'network') {
        const { networkId, command } = followUp;
        await this.executor.execute({
          context,
          request,
          streamId: streamOf(NETWORK, networkId),
          load: () => this.states.network(networkId),
          decide: (network) => decideNetwork(command, network),
          answer,
        });
      } else {
        const { sandboxId, command } = followUp;
        await this.executor.execute({
          context,
          request,
          streamId: streamOf(SANDBOX, sandboxId),
          load: () => this.states.sandbox(sandboxId),
          decide: (sandbox) => decideSandbox(command, sandbox),
          answer,
        });
      }
    } catch (error) {
      // The network was deleted meanwhile.
      if (error instanceof NetworkNotFoundError) return;
      // Other copies must go on; a release that can read the stream copies at its start.
      if (!(error instanceof StreamUnreadableError)) throw error;
      this.logger.error(
        { code: error.code, command: followUp.command },
        `a change of a sandbox was not copied to its network: ${error.message}`,
      );
    }
  }
}

function placedEventOf(stored: StoredEvent): PlacedEvent | null {
  const { position } = stored;
  const networkId = idOfStream(NETWORK, stored.streamId);
  if (networkId !== null) return { stream: 'network', position, networkId, event: eventOf(NETWORK, stored) };
  const sandboxId = idOfStream(SANDBOX, stored.streamId);
  if (sandboxId !== null) return { stream: 'sandbox', position, sandboxId, event: eventOf(SANDBOX, stored) };
  const agentId = idOfStream(AGENT, stored.streamId);
  return agentId === null ? null : { stream: 'agent', position, agentId, event: eventOf(AGENT, stored) };
}
