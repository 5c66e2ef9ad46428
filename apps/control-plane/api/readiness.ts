import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Bus } from '#libs/bus/bus.js';
import { CodedError } from '#libs/contracts/errors.js';
import { BUS, CLOCK, type Clock } from '../foundation/provided.js';
import { DirectoryFeed } from '../record/directory-feed.js';

/** A part that the control plane needs is away. */
export class NotReadyError extends CodedError {
  constructor(parts: readonly Unready[]) {
    const said = parts.map(({ part, since }) => `${PARTS[part].fault} since ${since.toISOString()} or earlier`);
    super(
      'NOT_READY',
      `the control plane is not ready: ${said.join('; ')}`,
      `${parts.map(({ part }) => PARTS[part].remedy).join(', ')}; globalstacks-control-plane doctor shows what is ` +
        'wrong',
    );
  }
}

const PARTS = {
  store: { fault: 'store: the database does not answer', remedy: 'check Postgres' },
  bus: { fault: 'bus: it is not connected to nats-server', remedy: 'check nats-server' },
  log: { fault: "log: it does not follow the database's log", remedy: 'see its log' },
} as const;

type Part = keyof typeof PARTS;

export const READY_PARTS = ['store', 'bus', 'log'] as const;

interface Unready {
  readonly part: Part;
  /** When a check first found the part away. */
  readonly since: Date;
}

/** Which parts that the control plane needs are there, and since when one is not. */
@Injectable()
export class Readiness {
  private readonly since = new Map<Part, Date>();

  constructor(
    private readonly database: DataSource,
    private readonly feed: DirectoryFeed,
    @Inject(BUS) private readonly bus: Bus,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Error: NotReadyError, which names every part that is away. */
  async require(): Promise<void> {
    const isAnswering = await this.database.query('SELECT 1').then(
      () => true,
      () => false,
    );
    const states = { store: isAnswering, bus: this.bus.status() === 'connected', log: this.feed.isFollowing };
    const unready = READY_PARTS.filter((part) => !states[part]);
    for (const part of READY_PARTS) if (states[part]) this.since.delete(part);
    if (unready.length === 0) return;
    const now = this.clock();
    throw new NotReadyError(
      unready.map((part) => {
        const since = this.since.get(part) ?? now;
        this.since.set(part, since);
        return { part, since };
      }),
    );
  }
}
