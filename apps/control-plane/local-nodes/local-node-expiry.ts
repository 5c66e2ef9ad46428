import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { RepeatedWork } from '#libs/async/repeated-work.js';
import { CLOCK, type Clock, LOGGER } from '../foundation/provided.js';
import { Directory } from '../record/directory.js';
import { LocalNodeWrites } from './local-node-writes.js';

const LOOK_EVERY_MS = 1_000;

/** Ends nodes whose credentials expired. The bus and the mesh have refused them since then. */
@Injectable()
export class LocalNodeExpiry {
  private readonly looks: RepeatedWork;

  constructor(
    private readonly directory: Directory,
    private readonly writes: LocalNodeWrites,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) logger: Logger,
  ) {
    this.looks = new RepeatedWork(
      () => this.look(),
      LOOK_EVERY_MS,
      (error) => logger.warn({ err: error }, 'expired local nodes could not be ended; trying again'),
    );
  }

  start(): void {
    this.looks.start();
  }

  close(): Promise<void> {
    return this.looks.close();
  }

  private async look(): Promise<void> {
    const now = this.clock();
    for (const { state } of this.directory.localNodes()) {
      if (state.status !== 'joined' || Date.parse(state.expiresAt) > now.getTime()) continue;
      await this.writes.bySystem({ kind: 'EndOfCredentials', nodeId: state.nodeId, now }, state.expiresAt);
    }
  }
}
