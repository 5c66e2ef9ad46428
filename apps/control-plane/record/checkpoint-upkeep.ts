import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { RepeatedWork } from '#libs/async/repeated-work.js';
import type { NetworkId } from '#libs/contracts/ids.js';
import { foldStored, streamOf } from '#libs/domain/aggregate.js';
import { NETWORK } from '#libs/domain/network/aggregate.js';
import { elementsOf } from '#libs/domain/network/checkpoint.js';
import type { EventStore } from '#libs/event-store/event-store.js';
import type { Topology } from '#libs/policy/model.js';
import { EVENT_STORE, LOGGER } from '../foundation/provided.js';
import { Checkpoints } from './checkpoints.js';
import { Directory } from './directory.js';
import type { NetworkRecord } from './network-record.js';

const LOOK_EVERY_MS = 2_000;
const READ_AT_ONCE = 500;
/** At least so many versions lie between two checkpoints. */
const LEAST_APART = 1_000;

/**
 * Makes checkpoints of networks from the log, in the background. The larger a state is, the further apart its
 * checkpoints are: all of them together take about as much room as the events, and a fold from one costs about what
 * reading it does.
 */
@Injectable()
export class CheckpointUpkeep {
  private readonly looks: RepeatedWork;
  private readonly closing = new AbortController();
  /** The version up to which each network was looked through. */
  private readonly seen = new Map<NetworkId, number>();

  constructor(
    private readonly directory: Directory,
    private readonly checkpoints: Checkpoints,
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(LOGGER) logger: Logger,
  ) {
    this.looks = new RepeatedWork(
      () => this.look(),
      LOOK_EVERY_MS,
      (error) => logger.warn({ err: error }, 'checkpoints of networks could not be made; trying again'),
    );
  }

  start(): void {
    this.looks.start();
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.looks.close();
  }

  private async look(): Promise<void> {
    for (const record of this.directory.allNetworks()) {
      const { topology, unreadable } = record;
      const grown = topology.version - (this.seen.get(topology.networkId) ?? 0);
      if (unreadable === null && grown >= apart(topology)) await this.follow(record);
    }
  }

  private async follow({ topology: { networkId, version } }: NetworkRecord): Promise<void> {
    let folded: Topology | null = await this.checkpoints.lastUpTo(networkId, version);
    let kept = folded?.version ?? 0;
    while (!this.closing.signal.aborted) {
      const from = folded?.version ?? 0;
      const events = await this.store.readStream(streamOf(NETWORK, networkId), from, from + READ_AT_ONCE);
      folded = foldStored(NETWORK, folded, events);
      const last = events.at(-1);
      if (folded === null || last === undefined) break;
      if (folded.version - kept < apart(folded)) continue;
      await this.checkpoints.keep(folded, last.hash);
      kept = folded.version;
    }
    this.seen.set(networkId, kept);
  }
}

function apart(topology: Topology): number {
  return Math.max(LEAST_APART, elementsOf(topology));
}
