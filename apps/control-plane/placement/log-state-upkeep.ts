import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { RepeatedWork } from '#libs/async/repeated-work.js';
import { LOGGER } from '../foundation/provided.js';
import { Directory } from '../record/directory.js';
import { DirectoryFeed } from '../record/directory-feed.js';
import { elementsOfLog } from '../record/log-state.js';
import { LogStates } from '../record/log-states.js';
import { PlacementProcess } from './placement-process.js';

const LOOK_EVERY_MS = 2_000;
/** A new state is kept after at least this many events. A start reads as many in a tenth of a second. */
const LEAST_APART = 10_000;

/**
 * Keeps the state of the log in the background, for the next start. The larger a state is, the more events lie between
 * two of them, so that keeping them costs each event the same.
 */
@Injectable()
export class LogStateUpkeep {
  private readonly looks: RepeatedWork;
  private kept = 0;

  constructor(
    private readonly directory: Directory,
    private readonly feed: DirectoryFeed,
    private readonly states: LogStates,
    private readonly placement: PlacementProcess,
    @Inject(LOGGER) logger: Logger,
  ) {
    this.looks = new RepeatedWork(
      () => this.look(),
      LOOK_EVERY_MS,
      (error) => logger.warn({ err: error }, 'the state of the log could not be kept; trying again'),
    );
  }

  start(): void {
    this.kept = this.feed.begunAt;
    this.looks.start();
  }

  /** After the placement process has closed. */
  close(): Promise<void> {
    return this.looks.close();
  }

  private async look(): Promise<void> {
    const { position, hash } = this.feed.logEnd;
    const grown = position - this.kept;
    if (hash === null || grown < LEAST_APART) return;
    const state = this.directory.state();
    if (state === null || grown < elementsOfLog(state) || !(await this.placement.hasFollowed(position))) return;
    await this.states.keep({ position, hash, state });
    this.kept = position;
  }
}
