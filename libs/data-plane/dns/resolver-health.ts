import { rest } from '#libs/async/rest.js';

export interface ResolverHealthParts {
  /** Asks something that every resolver can answer. True: it said something. Ends with the signal. */
  readonly probe: (signal: AbortSignal) => Promise<boolean>;
  /** A resolver that says nothing for so long while it is asked is probed. */
  readonly doubtAfterMs: number;
  readonly probeEveryMs: number;
  readonly changed: (isSilent: boolean) => void;
}

/**
 * Whether a resolver answers. A question without an answer proves nothing: the servers that the resolver asks for that
 * name may be away. So questions only raise the doubt, and a probe decides; it is repeated until the resolver says
 * something.
 */
export class ResolverHealth {
  private open = 0;
  private silent = false;
  private doubt: NodeJS.Timeout | null = null;
  private probing: AbortController | null = null;
  private closed = false;

  constructor(private readonly parts: ResolverHealthParts) {}

  /** It was asked and did not answer; it is being probed. */
  get isSilent(): boolean {
    return this.silent;
  }

  /** A question is on its way. To be followed by `settled`. */
  asked(): void {
    this.open += 1;
    this.watch();
  }

  settled(): void {
    this.open -= 1;
    if (this.open === 0) this.unwatch();
  }

  /** It said something, whatever it was. */
  heard(): void {
    this.probing?.abort();
    this.probing = null;
    this.unwatch();
    this.become(false);
    if (this.open > 0) this.watch();
  }

  /** This host's network says that nobody is there. */
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
