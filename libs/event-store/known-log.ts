import type { BatchPlan, LogState, PendingCommand } from './batch.js';

const MAX_STREAMS = 20_000;
/** How often the database's clock is read; in between its time is computed from ours. */
const CLOCK_GOOD_MS = 1_000;
/** After another process was found appending, nothing is assumed for this long. */
const CONTENDED_MS = 1_000;

interface Known {
  readonly headPosition: number;
  readonly headHash: string;
  readonly headRecordedAt: string;
}

/**
 * The end of the log and the stream versions after the last batch. A batch that is planned from them needs no read: if
 * another process has appended meanwhile, its positions are taken and the database refuses the whole batch.
 */
export class KnownLog {
  private head: Known | null = null;
  private readonly streamVersions = new Map<string, number>();
  private clock = { databaseMs: 0, readAtMs: Number.NEGATIVE_INFINITY };
  private contendedUntilMs = 0;

  /** monotonicMs: a monotonic clock. */
  constructor(private readonly monotonicMs: () => number) {}

  /** The state for planBatch; null: it has to be read, for repeats, claims and streams not seen yet. */
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

  /** Takes over a state that was read under the lock. */
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

  /** Takes over the state after a commit. */
  advance(plan: BatchPlan): void {
    const last = plan.events.at(-1);
    if (last !== undefined) {
      this.head = { headPosition: last.position, headHash: last.hash, headRecordedAt: last.recordedAt };
    }
    if (this.streamVersions.size > MAX_STREAMS) this.streamVersions.clear();
    for (const { write, streamVersion } of plan.commands) this.streamVersions.set(write.streamId, streamVersion);
  }

  /** The connection was lost, so what was committed is uncertain. */
  forget(): void {
    this.head = null;
    this.streamVersions.clear();
  }
}
