import type { Http2Stream, IncomingHttpHeaders } from 'node:http2';
import { constants } from 'node:http2';
import { Duplex } from 'node:stream';
import { FlowResetError, type MeshFlow } from './flow.js';
import type { Sender, SendTurns } from './send-turns.js';

/** Trailer: the sender ended its bytes cleanly. An end without a mark is a reset. */
const END_MARK = 'gs-end';
/** Trailer: the sender reset the flow after these bytes. With both marks, it had ended its bytes before the reset. */
const RESET_MARK = 'gs-reset';
/** Larger writes on many stalled flows at once would exceed the memory that a session may hold. */
export const MAX_WRITE_BYTES = 64 * 1024;

/** The session of a flow. */
export interface FlowSession {
  /** Why this end closed the session; null while it has not. */
  readonly endReason: () => FlowResetError | null;
  readonly sendTurns: SendTurns;
}

/** One accepted flow over one HTTP/2 stream, at either end. */
export class FlowStream extends Duplex implements MeshFlow {
  private readonly stream: Http2Stream;
  private readonly session: FlowSession;
  private readonly sender: Sender = { resume: () => this.writeOn(), sentUpTo: 0 };
  private bytesEnded = false;
  /** Set by the other end's trailers. */
  private otherEnded = false;
  private otherReset = false;
  private endPushed = false;
  /** What this end's trailers will say, and whether they were sent. */
  private hasEnded = true;
  private isResetting = false;
  private trailersSent = false;
  private resumeWriting: (() => void) | null = null;

  constructor(
    stream: Http2Stream,
    readonly targetVersion: number,
    session: FlowSession,
  ) {
    super({ allowHalfOpen: true, highWaterMark: MAX_WRITE_BYTES });
    this.stream = stream;
    this.session = session;
    stream.on('error', () => undefined); // 'close' always follows, and tells all there is to know
    stream.on('close', () => this.streamClosed());
    if (stream.destroyed) {
      process.nextTick(() => this.streamClosed());
      return;
    }
    stream.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) stream.pause();
    });
    stream.pause(); // Read only once the flow is read.
    stream.on('trailers', (trailers: IncomingHttpHeaders) => {
      this.otherEnded = trailers[END_MARK] === '1';
      this.otherReset = trailers[RESET_MARK] === '1';
      this.settle();
    });
    stream.on('end', () => {
      this.bytesEnded = true;
      this.settle();
      // Node emits the trailers before the end of the bytes: if there are none after one tick, none will come.
      setImmediate(() => {
        if (!this.otherEnded && !this.otherReset) this.lost();
      });
    });
    stream.on('aborted', () => {
      if (stream.rstCode === constants.NGHTTP2_NO_ERROR) this.resetBehindMark();
    });
    stream.on('drain', () => this.writeOn());
    stream.on('wantTrailers', () => this.sendTrailers());
  }

  get hasUnsent(): boolean {
    return this.writableLength > 0 || this.stream.writableLength > 0;
  }

  reset(code: string): void {
    this.destroy(new FlowResetError(code, `the flow was reset here: ${code}`));
  }

  resetAfterDelivery(_code: string): void {
    if (this.destroyed || this.isResetting) return;
    this.isResetting = true;
    this.hasEnded = this.writableEnded;
    if (!this.writableEnded) this.end();
    if (this.trailersSent) this.closeBehindTrailers();
  }

  /** Node still returns what is buffered in a destroyed stream; after a reset those bytes must not be read. */
  override read(size?: number): unknown {
    if (this.destroyed) return null;
    const chunk: unknown = super.read(size);
    if (this.otherReset) this.settle();
    return chunk;
  }

  override _read(): void {
    this.stream.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.writeFrom(chunk, 0, done);
  }

  override _final(done: () => void): void {
    this.stream.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.resumeWriting = null;
    this.session.sendTurns.leave(this.sender);
    const clean = error === null && this.readableEnded && this.writableFinished;
    // After a clean end the trailers may still be unsent, and the stream then closes by itself.
    if (!clean && !this.stream.destroyed) this.stream.close(constants.NGHTTP2_CANCEL);
    done(error);
  }

  /** Copies the bytes: HTTP/2 keeps a buffer until it is sent, and callers reuse theirs. */
  private writeFrom(chunk: Buffer, offset: number, done: () => void): void {
    const { sendTurns } = this.session;
    let position = offset;
    while (position < chunk.length) {
      const length = Math.min(chunk.length - position, MAX_WRITE_BYTES);
      this.resumeWriting = () => this.writeFrom(chunk, position, done);
      if (!sendTurns.take(this.sender, length)) return;
      const piece = Buffer.from(chunk.subarray(position, position + length));
      position += length;
      if (!this.stream.write(piece)) return;
    }
    this.resumeWriting = null;
    done();
  }

  private writeOn(): void {
    const go = this.resumeWriting;
    this.resumeWriting = null;
    go?.();
  }

  private sendTrailers(): void {
    const { stream } = this;
    if (stream.closed || stream.destroyed) return;
    stream.sendTrailers({
      ...(this.hasEnded ? { [END_MARK]: '1' } : {}),
      ...(this.isResetting ? { [RESET_MARK]: '1' } : {}),
    });
    this.trailersSent = true;
  }

  /**
   * Resets the stream after this end's bytes and trailers were written. A reset drops trailers that are not written
   * yet; after one turn of the event loop they are.
   */
  private closeBehindTrailers(): void {
    setImmediate(() => {
      if (!this.stream.closed && !this.stream.destroyed) this.stream.close(constants.NGHTTP2_NO_ERROR);
    });
  }

  /** The other end closed the stream without an error: it had ended its bytes before, and has gone since. */
  private resetBehindMark(): void {
    if (this.session.endReason() !== null) {
      this.lost();
      return;
    }
    this.otherReset ||= this.otherEnded;
    this.settle();
  }

  /** Emits the other end's end or reset: an end once all its bytes have arrived, a reset once they were read. */
  private settle(): void {
    if (!this.bytesEnded || this.destroyed) return;
    if (this.otherEnded && !this.endPushed) {
      this.endPushed = true;
      this.once('end', () => this.settle());
      this.push(null);
    }
    const isRead = this.otherEnded ? this.readableEnded : this.readableLength === 0;
    if (this.otherReset && isRead) {
      this.destroy(new FlowResetError('FLOW_RESET', 'the other end reset the flow', true));
    }
  }

  private streamClosed(): void {
    const { rstCode, writableFinished } = this.stream;
    const isMarked = this.bytesEnded && (this.otherEnded || this.otherReset);
    if (rstCode !== constants.NGHTTP2_NO_ERROR || !isMarked) this.lost();
    else if (!writableFinished || this.otherReset) this.resetBehindMark();
  }

  /** Later, since a reset may arrive together with the answer: who waits for the flow must get it before it ends. */
  private lost(): void {
    setImmediate(() =>
      this.destroy(this.session.endReason() ?? new FlowResetError('FLOW_RESET', 'the other end reset the flow')),
    );
  }
}
