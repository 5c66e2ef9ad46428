/** Bytes of one session that may wait to be sent: a new flow's request or answer waits behind them. */
export const MOST_WAITING_BYTES = 256 * 1024;
/** A flow that has nothing waiting may always send so few bytes: a request need not wait for uploads. */
export const FEW_BYTES = 4 * 1024;

/** What a session's connection has to send. */
export interface SendQueue {
  /** Bytes taken since the start. */
  readonly taken: number;
  /** Bytes taken and not sent. */
  readonly unsent: number;
  /** Sets the listener that is called whenever bytes were sent. Call it once. */
  onSent(listener: () => void): void;
}

/** A flow that takes turns. */
export interface Sender {
  /** Called when the flow had to wait and may send. */
  resume(): void;
  /** Position behind the flow's latest bytes, as SendQueue counts; 0 at the start. */
  sentUpTo: number;
}

/**
 * The flows of a session hand their bytes to HTTP/2 in turn, so that few bytes wait in the session's connection.
 *
 * HTTP/2 passes bytes on to the connection in the same turn of the event loop, unless the peer's window for their flow
 * is full. Those bytes must hold up no other flow. So bytes count from when they are handed over until the next turn;
 * from then on only those count that wait in the connection.
 */
export class SendTurns {
  private readonly waiting = new Set<Sender>();
  /** Bytes that flows handed to HTTP/2 since the event loop's turn began. */
  private handedOver = 0;

  constructor(private readonly queue: SendQueue) {
    queue.onSent(() => this.resumeNext());
  }

  /** Whether the flow may hand over so many bytes now; then it must. If not, it is resumed later. */
  take(sender: Sender, bytes: number): boolean {
    const { taken, unsent } = this.queue;
    const mayBeSent =
      unsent + this.handedOver < MOST_WAITING_BYTES || (bytes <= FEW_BYTES && sender.sentUpTo <= taken - unsent);
    if (!mayBeSent) {
      this.waiting.add(sender);
      return false;
    }
    if (this.handedOver === 0) setImmediate(() => this.nextTurn());
    this.handedOver += bytes;
    sender.sentUpTo = taken + this.handedOver;
    return true;
  }

  /** The flow sends no more. */
  leave(sender: Sender): void {
    this.waiting.delete(sender);
  }

  private resumeNext(): void {
    for (const sender of this.waiting) {
      if (this.queue.unsent + this.handedOver >= MOST_WAITING_BYTES) return;
      this.waiting.delete(sender);
      sender.resume();
    }
  }

  private nextTurn(): void {
    this.handedOver = 0;
    this.resumeNext();
  }
}
