import { setTimeout as pause } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import type { BusAuthority } from '#libs/bus/authority.js';
import { BUS_AUTHORITY, CLOCK, type Clock, LOGGER, SETTINGS } from '../provided.js';
import type { ControlPlaneSettings } from '../settings.js';
import { Directory } from '../topology/directory.js';
import { DirectoryFeed } from '../topology/directory-feed.js';
import { BusStatusFeed } from './bus-status.js';

const RETRY_MS = 1_000;

/** Makes the bus know every key that is void: after each connect, since a server may have lost it, and at each change. */
@Injectable()
export class Revocations {
  private readonly closing = new AbortController();
  private wanted = 0;
  private published = 0;
  private publishing: Promise<void> | null = null;
  private waiters: (() => void)[] = [];

  constructor(
    private readonly directory: Directory,
    private readonly feed: DirectoryFeed,
    private readonly status: BusStatusFeed,
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
      const revoked = [...agents].some((agentId) => (this.directory.agent(agentId)?.voidKeys.size ?? 0) > 0);
      const ended = [...localNodes].some((nodeId) => this.directory.localNode(nodeId)?.endedAt !== null);
      if (revoked || ended) this.publish();
    });
    this.publish();
  }

  /** Resolves with true when everything revoked until now is known to the bus, with false at the deadline. */
  async settled(deadlineMs: number): Promise<boolean> {
    this.publish();
    const target = this.wanted;
    const deadline = AbortSignal.any([AbortSignal.timeout(deadlineMs), this.closing.signal]);
    while (this.published < target && !deadline.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.waiters.push(resolve);
      deadline.addEventListener('abort', () => resolve(), { once: true });
      await promise;
    }
    return this.published >= target;
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.publishing;
  }

  private publish(): void {
    this.wanted += 1;
    this.publishing ??= this.run().finally(() => {
      this.publishing = null;
    });
  }

  private async run(): Promise<void> {
    while (this.published < this.wanted && !this.closing.signal.aborted) {
      const target = this.wanted;
      try {
        await this.authority.publishRevocations(this.settings.busServers, this.voidKeys());
        this.published = target;
        for (const wake of this.waiters.splice(0)) wake();
      } catch (error) {
        this.logger.warn({ err: error }, 'revocations are not at the bus yet');
        await pause(RETRY_MS, undefined, { signal: this.closing.signal }).catch(() => {});
      }
    }
  }

  private voidKeys(): { readonly [nkey: string]: number } {
    const entries = this.directory
      .agents()
      .flatMap(({ voidKeys }) => [...voidKeys].map(([nkey, at]) => [nkey, Math.floor(at.getTime() / 1_000)] as const));
    const now = this.clock();
    // What was issued to a local node ends within minutes: a key is named only as long as something may still hold.
    const ended = this.directory.localNodes().flatMap(({ state, endedAt }) => {
      const isOver = endedAt === null || Date.parse(state.expiresAt) < now.getTime();
      return isOver ? [] : [[state.nkey, Math.floor(endedAt.getTime() / 1_000)] as const];
    });
    return Object.fromEntries([...entries, ...ended]);
  }
}
