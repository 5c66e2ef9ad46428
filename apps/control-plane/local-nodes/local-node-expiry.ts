import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { CLOCK, type Clock, LOGGER } from '../foundation/provided.js';
import { Directory } from '../record/directory.js';
import { LocalNodeWrites } from './local-node-writes.js';

const LOOK_EVERY_MS = 1_000;

/** Ends nodes whose credentials expired. The bus and the mesh have refused them since then. */
@Injectable()
export class LocalNodeExpiry {
  private timer: NodeJS.Timeout | null = null;
  private looking: Promise<void> = Promise.resolve();

  constructor(
    private readonly directory: Directory,
    private readonly writes: LocalNodeWrites,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  start(): void {
    this.timer = setInterval(() => {
      this.looking = this.looking
        .then(() => this.look())
        .catch((error: unknown) => this.logger.warn({ err: error }, 'expired local nodes not ended yet'));
    }, LOOK_EVERY_MS);
  }

  async close(): Promise<void> {
    if (this.timer !== null) clearInterval(this.timer);
    await this.looking;
  }

  private async look(): Promise<void> {
    const now = this.clock();
    for (const { state } of this.directory.localNodes()) {
      if (state.status !== 'joined' || Date.parse(state.expiresAt) > now.getTime()) continue;
      await this.writes.bySystem({ kind: 'EndOfCredentials', nodeId: state.nodeId, now }, state.expiresAt);
    }
  }
}
