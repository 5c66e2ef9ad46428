import { isDeepStrictEqual } from 'node:util';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { rest } from '#libs/async/rest.js';
import { WokenWork } from '#libs/async/woken-work.js';
import type { BusAuthority, BusHolder, Revocations as RevokedKeys } from '#libs/bus/authority.js';
import type { CutDto } from '#libs/contracts/http/cut.js';
import type { AgentId, LocalNodeId } from '#libs/contracts/ids.js';
import { BusStatusFeed } from '../foundation/bus-status.js';
import { BUS_AUTHORITY, CLOCK, type Clock, LOGGER, SETTINGS } from '../foundation/provided.js';
import type { ControlPlaneSettings } from '../foundation/settings.js';
import { Directory } from '../record/directory.js';
import { DirectoryFeed } from '../record/directory-feed.js';
import { Suspensions } from './suspensions.js';
import { voidKeys } from './void-keys.js';

const RETRY_MS = 1_000;
/** After a connection was closed by request, how long to wait to see whether its holder reconnects. */
const LOOK_AGAIN_MS = 500;
const CUT_WITHIN_MS = 5_000;

/** Whether nats-server confirmed that a holder has no connection any more; if not, why that is unknown. */
export type Cut = { readonly isCut: true } | { readonly isCut: false; readonly reason: string };

/**
 * Tells the bus every void key, after each connect (a server may have lost them) and at each change. Confirms that a
 * revoked holder is off the bus.
 */
@Injectable()
export class Revocations {
  private readonly closing = new AbortController();
  private wanted = 0;
  private published = 0;
  /** The revocations last sent to the bus; null: none yet. */
  private atBus: RevokedKeys | null = null;
  private readonly publishing = new WokenWork(() => this.run());
  private waiters: (() => void)[] = [];

  constructor(
    private readonly directory: Directory,
    private readonly feed: DirectoryFeed,
    private readonly status: BusStatusFeed,
    private readonly suspensions: Suspensions,
    @Inject(BUS_AUTHORITY) private readonly authority: BusAuthority,
    @Inject(SETTINGS) private readonly settings: ControlPlaneSettings,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  start(): void {
    this.status.onStatus((status) => {
      if (status === 'connected') this.publish();
    });
    this.feed.onChange(({ agents, localNodes }) => {
      const mayMatter = agents.size > 0 || localNodes.size > 0;
      if (mayMatter && !isDeepStrictEqual(this.voidKeys(), this.atBus)) this.publish();
    });
    this.suspensions.onSuspended(() => this.publish());
    this.publish();
  }

  /**
   * Resolves once the bus has no connection with any key that the agent was revoked with, or after some seconds with
   * the reason why that is unknown.
   */
  async cutOffAgent(agentId: AgentId): Promise<Cut> {
    const { state, voidKeys: revoked } = this.directory.agent(agentId) ?? {};
    const nkeys = [...(revoked?.keys() ?? [])].filter((nkey) => state?.status === 'revoked' || state?.nkey !== nkey);
    const cuts = await Promise.all(nkeys.map((nkey) => this.cutOff({ kind: 'agent', id: agentId, nkey })));
    return cuts.find(({ isCut }) => !isCut) ?? { isCut: true };
  }

  /** As cutOffAgent, for an ended local node. */
  async cutOffLocalNode(nodeId: LocalNodeId): Promise<Cut> {
    const node = this.directory.localNode(nodeId)?.state;
    if (node === undefined || node.status === 'joined') return notCut('it has joined again');
    return this.cutOff({ kind: 'local', id: nodeId, nkey: node.nkey });
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.publishing.idle();
  }

  private async cutOff(holder: BusHolder): Promise<Cut> {
    const deadline = AbortSignal.any([AbortSignal.timeout(CUT_WITHIN_MS), this.closing.signal]);
    if (!(await this.settled(deadline))) {
      return notCut(
        'nats-server cannot be reached; it gets the revocation, and cuts the connection, as soon as it can',
      );
    }
    try {
      for (;;) {
        const found = await this.authority.closeConnections(this.settings.busServers, holder);
        if (this.mayReturn(holder))
          return notCut('an agent uses the same key, so the credentials stay valid until they expire');
        if (found === 0) return { isCut: true };
        if (deadline.aborted) return notCut(`${found} of its connections are still open although its key is revoked`);
        await rest(LOOK_AGAIN_MS, deadline);
      }
    } catch (error) {
      this.logger.warn({ err: error, holder: holder.id }, 'nats-server could not be asked for open connections');
      return notCut(`nats-server could not be asked: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** A key that earlier releases let a local node share with an agent: the node's end does not void it. */
  private mayReturn({ kind, id, nkey }: BusHolder): boolean {
    if (kind === 'agent' || Object.hasOwn(this.voidKeys(), nkey)) return false;
    const expiresAt = this.directory.localNode(id)?.state.expiresAt;
    return expiresAt !== undefined && Date.parse(expiresAt) > this.clock().getTime();
  }

  /** Whether everything revoked so far is known to the bus; false if it is not by the deadline. */
  private async settled(deadline: AbortSignal): Promise<boolean> {
    this.publish();
    const target = this.wanted;
    while (this.published < target && !deadline.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.waiters.push(resolve);
      deadline.addEventListener('abort', () => resolve(), { once: true });
      await promise;
    }
    return this.published >= target;
  }

  private publish(): void {
    this.wanted += 1;
    this.publishing.wake();
  }

  private async run(): Promise<void> {
    while (this.published < this.wanted && !this.closing.signal.aborted) {
      const target = this.wanted;
      try {
        const keys = this.voidKeys();
        await this.authority.publishRevocations(this.settings.busServers, keys);
        this.atBus = keys;
        this.suspensions.cutOff(keys);
        this.published = target;
        for (const wake of this.waiters.splice(0)) wake();
      } catch (error) {
        this.logger.warn({ err: error }, 'revocations could not be sent to nats-server; trying again');
        await rest(RETRY_MS, this.closing.signal);
      }
    }
  }

  private voidKeys(): RevokedKeys {
    const ended = voidKeys(this.directory.agents(), this.directory.localNodes(), this.clock());
    // A key that is void for several reasons is void for the longest time.
    const later = Object.entries(this.suspensions.voidKeys()).filter(([nkey, at]) => at > (ended[nkey] ?? 0));
    return { ...ended, ...Object.fromEntries(later) };
  }
}

function notCut(reason: string): Cut {
  return { isCut: false, reason };
}

/** The result of a cut in the HTTP API's form. */
export function cutAnswer(cut: Cut): CutDto {
  return { connectionCut: cut.isCut, connectionNotCutReason: cut.isCut ? null : cut.reason };
}
