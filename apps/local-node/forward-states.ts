import { rest } from '#libs/async/rest.js';
import type { ForwardState } from '#libs/contracts/local-node-requests.js';
import type { Forward } from './forwards.js';
import { type Look, type Seen, type Standing, type Surroundings, standingOf } from './standing.js';

/** How often the targets of forwards are probed, so that the last known state is recent. */
const LOOK_EVERY_MS = 5_000;
/** How long a target's agent has to answer. */
const LOOK_WITHIN_MS = 2_000;

export interface ForwardStatePorts {
  readonly forwards: () => readonly Forward[];
  /** Finds out what would become of a connection; the signal ends the wait. Never rejects. */
  readonly look: (forward: Forward, signal: AbortSignal) => Promise<Look>;
  readonly surroundings: (forward: Forward) => Omit<Surroundings, 'seen'>;
  readonly connections: (forward: Forward) => number;
  /** When the oldest of the other inputs was last confirmed. */
  readonly heardAt: () => Date;
  readonly now: () => Date;
  /** Called when the state of a forward changed. */
  readonly changed: () => void;
}

type Known = NonNullable<ForwardState['lastKnown']>;

/** The states of one network's forwards, from repeated probes, and their last known states. */
export class ForwardStates {
  private readonly seen = new Map<string, Seen>();
  private readonly known = new Map<string, Known>();
  private readonly closing = new AbortController();
  private readonly running: Promise<void>;
  private looking: Promise<void> | null = null;

  constructor(private readonly ports: ForwardStatePorts) {
    this.running = this.lookAgainAndAgain();
  }

  /** Resolves when every forward has been probed just now. */
  async look(): Promise<void> {
    do {
      this.looking ??= this.lookAtAll().finally(() => {
        this.looking = null;
      });
      await this.looking;
      // Others may have been added during the probes.
    } while (!this.closing.signal.aborted && this.ports.forwards().some((forward) => !this.seen.has(keyOf(forward))));
  }

  list(): readonly ForwardState[] {
    return this.ports.forwards().map((forward) => {
      const standing = this.standingOf(forward);
      const isKnown = standing.state !== 'unknown';
      return {
        ...forward,
        ...standing,
        lastKnown: isKnown ? null : (this.known.get(keyOf(forward)) ?? null),
        connections: this.ports.connections(forward),
      };
    });
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.running;
  }

  private standingOf(forward: Forward): Standing {
    const key = keyOf(forward);
    const seen = this.seen.get(key) ?? null;
    const standing = standingOf(forward, { ...this.ports.surroundings(forward), seen }, this.ports.now());
    const { state } = standing;
    if (state !== 'unknown') {
      const heardAt = this.ports.heardAt();
      const at = seen !== null && seen.at < heardAt ? seen.at : heardAt;
      this.known.set(key, { state, at: at.toISOString() });
    }
    return standing;
  }

  private async lookAgainAndAgain(): Promise<void> {
    const { signal } = this.closing;
    while (!signal.aborted) {
      await rest(LOOK_EVERY_MS, signal);
      if (!signal.aborted) await this.look();
    }
  }

  private async lookAtAll(): Promise<void> {
    const forwards = new Map(this.ports.forwards().map((forward) => [keyOf(forward), forward] as const));
    for (const kept of [this.seen, this.known]) for (const key of kept.keys()) if (!forwards.has(key)) kept.delete(key);
    const before = this.states();
    const signal = AbortSignal.any([this.closing.signal, AbortSignal.timeout(LOOK_WITHIN_MS)]);
    await Promise.all(
      [...forwards].map(async ([key, forward]) => {
        const look = await this.ports.look(forward, signal);
        if (!this.closing.signal.aborted) this.seen.set(key, { look, at: this.ports.now() });
      }),
    );
    if (!this.closing.signal.aborted && this.states() !== before) this.ports.changed();
  }

  private states(): string {
    return this.ports
      .forwards()
      .map((forward) => this.standingOf(forward).state)
      .join(' ');
  }
}

const keyOf = ({ alias, port }: Forward): string => `${alias}:${port}`;
