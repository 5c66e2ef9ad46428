import { rest } from '#libs/async/rest.js';

export interface ResolverHealthParts {
  /** Asks a question that every resolver can answer. True: it answered. Ends with the signal. */
  readonly probe: (signal: AbortSignal) => Promise<boolean>;
  /** A resolver that is asked and says nothing for this long is probed. */
  readonly doubtAfterMs: number;
  readonly probeEveryMs: number;
  readonly changed: (isSilent: boolean) => void;
}

/**
 * Whether a resolver answers. One unanswered question proves nothing: the name's own servers may be away. So unanswered
 * questions only start a probe, which is repeated until the resolver answers something.
 */
export class ResolverHealth {
  private open = 0;
  private silent = false;
  private doubt: NodeJS.Timeout | null = null;
  private probing: AbortController | null = null;
  private closed = false;

  constructor(private readonly parts: ResolverHealthParts) {}

  /** It was asked and did not answer; a probe is running. */
  get isSilent(): boolean {
    return this.silent;
  }

  /** A question was sent. `settled` must follow. */
  asked(): void {
    this.open += 1;
    this.watch();
  }

  settled(): void {
    this.open -= 1;
    if (this.open === 0) this.unwatch();
  }

  /** The resolver answered something. */
  heard(): void {
    this.probing?.abort();
    this.probing = null;
    this.unwatch();
    this.become(false);
    if (this.open > 0) this.watch();
  }

  /** This host's network reports that nobody is at its address. */
  unreachable(): void {
    if (this.closed) return;
    this.become(true);
    if (this.probing === null) void this.probeUntilHeard(this.parts.probeEveryMs);
  }

  close(): void {
    this.closed = true;
    this.unwatch();
    this.probing?.abort();
  }

  private watch(): void {
    if (this.closed || this.doubt !== null || this.probing !== null) return;
    this.doubt = setTimeout(() => {
      this.doubt = null;
      void this.probeUntilHeard(0);
    }, this.parts.doubtAfterMs);
  }

  private unwatch(): void {
    if (this.doubt !== null) clearTimeout(this.doubt);
    this.doubt = null;
  }

  private become(isSilent: boolean): void {
    if (this.silent === isSilent) return;
    this.silent = isSilent;
    this.parts.changed(isSilent);
  }

  private async probeUntilHeard(firstAfterMs: number): Promise<void> {
    this.unwatch();
    const probing = new AbortController();
    this.probing = probing;
    const { signal } = probing;
    await rest(firstAfterMs, signal);
    while (!signal.aborted) {
      const isHeard = await this.parts.probe(signal);
      if (signal.aborted) return;
      if (isHeard) return this.heard();
      this.become(true);
      await rest(this.parts.probeEveryMs, signal);
    }
  }
}
