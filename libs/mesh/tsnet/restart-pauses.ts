const FIRST_MS = 250;
const LONGEST_MS = 5_000;
/**
 * Each pause is shortened at random by up to this share, so that nodes that lost the same control server do not all
 * come back at once.
 */
const JITTER = 0.25;

/** Pauses before mesh-node is restarted: longer each time, until one has joined. */
export class RestartPauses {
  private longestMs = FIRST_MS;

  /** `random` is at least 0 and below 1. */
  constructor(private readonly random: () => number = Math.random) {}

  nextMs(): number {
    const pauseMs = this.longestMs * (1 - JITTER * this.random());
    this.longestMs = Math.min(this.longestMs * 2, LONGEST_MS);
    return pauseMs;
  }

  /** Begins again with the shortest pause. */
  restart(): void {
    this.longestMs = FIRST_MS;
  }
}
