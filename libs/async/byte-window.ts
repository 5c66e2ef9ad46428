interface Waiting {
  readonly bytes: number;
  readonly enter: () => void;
}

/**
 * Bounds the bytes that are under way at once. Who comes first enters first; something larger than the window enters
 * when nothing else is under way.
 */
export class ByteWindow {
  private underWay = 0;
  private readonly waiting = new Set<Waiting>();

  constructor(private readonly mostBytes: number) {}

  /** Does the work once there is room, or rejects with the signal's reason. */
  async pass<Result>(bytes: number, signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
    if (this.waiting.size === 0 && this.hasRoomFor(bytes)) this.underWay += bytes;
    else await this.enterLater(bytes, signal);
    try {
      return await work();
    } finally {
      this.underWay -= bytes;
      this.letIn();
    }
  }

  private enterLater(bytes: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiting: Waiting = { bytes, enter: resolve };
    const giveUp = (): void => {
      // Who has entered already does its work.
      if (!this.waiting.delete(waiting)) return;
      reject(signal.reason);
      this.letIn();
    };
    this.waiting.add(waiting);
    signal.addEventListener('abort', giveUp, { once: true });
    return promise.finally(() => signal.removeEventListener('abort', giveUp));
  }

  private letIn(): void {
    for (const waiting of this.waiting) {
      if (!this.hasRoomFor(waiting.bytes)) return;
      this.waiting.delete(waiting);
      this.underWay += waiting.bytes;
      waiting.enter();
    }
  }

  private hasRoomFor(bytes: number): boolean {
    return this.underWay === 0 || this.underWay + bytes <= this.mostBytes;
  }
}
