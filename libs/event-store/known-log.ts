import type { BatchPlan, LogState, PendingCommand } from './batch.js';

const MAX_STREAMS = 20_000;
/** The database's clock is read again this often; in between it is reckoned from ours. */
const CLOCK_GOOD_MS = 1_000;
/** How long nothing is assumed after another process was found appending. */
const CONTENDED_MS = 1_000;

interface Known {
  readonly headPosition: number;
  readonly headHash: string;
  readonly headRecordedAt: string;
}

/**
 * The log's end and stream versions as the last batch left them. A batch planned on them needs no read of its own: if
 * another process has appended meanwhile, the positions it takes are taken, and the database refuses it whole.
 */
export class KnownLog {
  private head: Known | null = null;
  private readonly streamVersions = new Map<string, number>();
  private clock = { databaseMs: 0, readAtMs: Number.NEGATIVE_INFINITY };
  private contendedUntilMs = 0;

  /** monotonicMs: a clock that only goes forward. */
  constructor(private readonly monotonicMs: () => number) {}

  /** What planBatch needs, or null when it has to be read: for repeats, claims and streams not seen yet. */
  stateFor(pending: readonly PendingCommand[]): LogState | null {
    const elapsedMs = this.monotonicMs() - this.clock.readAtMs;
    if (this.head === null || elapsedMs > CLOCK_GOOD_MS || this.monotonicMs() < this.contendedUntilMs) return null;
    const plain = pending.every(
      ({ write, uncertain }) =>
        !uncertain &&
        write.claims.length === 0 &&
        write.releases.length === 0 &&
        (write.expectedVersion === 0 || this.streamVersions.has(write.streamId)),
    );
    if (!plain) return null;
    return {
      ...this.head,
      now: new Date(this.clock.databaseMs + elapsedMs).toISOString(),
      streamVersions: this.streamVersions,
      commands: new Map(),
      claims: new Map(),
    };
  }

  /** After a read under the lock. */
  learn(state: LogState): void {
    const readAtMs = this.monotonicMs();
    this.clock = { databaseMs: Date.parse(state.now), readAtMs };
    if (this.head !== null && this.head.headHash !== state.headHash) {
      this.streamVersions.clear();
      this.contendedUntilMs = readAtMs + CONTENDED_MS;
    }
    const { headPosition, headHash, headRecordedAt } = state;
    this.head = { headPosition, headHash, headRecordedAt };
    for (const [streamId, version] of state.streamVersions) this.streamVersions.set(streamId, version);
  }

  /** After a commit. */
  advance(plan: BatchPlan): void {
    const last = plan.events.at(-1);
    if (last !== undefined) {
      this.head = { headPosition: last.position, headHash: last.hash, headRecordedAt: last.recordedAt };
    }
    if (this.streamVersions.size > MAX_STREAMS) this.streamVersions.clear();
    for (const { write, streamVersion } of plan.commands) this.streamVersions.set(write.streamId, streamVersion);
  }

  /** The connection was lost, and with it the certainty of what was committed. */
  forget(): void {
    this.head = null;
    this.streamVersions.clear();
  }
}
