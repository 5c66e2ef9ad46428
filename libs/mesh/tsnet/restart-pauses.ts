const FIRST_MS = 250;
const LONGEST_MS = 5_000;
/** Each pause is shorter by up to this share, so that nodes which lost one control server do not come back together. */
const JITTER = 0.25;

/** How long to wait before a mesh-node that ended is started again: ever longer, until one has joined. */
export class RestartPauses {
  private longestMs = FIRST_MS;

  /** `random` is at least 0 and below 1. */
  constructor(private readonly random: () => number = Math.random) {}

  nextMs(): number {
    const pauseMs = this.longestMs * (1 - JITTER * this.random());
    this.longestMs = Math.min(this.longestMs * 2, LONGEST_MS);
    return pauseMs;
  }

  /** The next pause is a first one. */
  restart(): void {
    this.longestMs = FIRST_MS;
  }
}
