import type { Http2Stream, IncomingHttpHeaders } from 'node:http2';
import { constants } from 'node:http2';
import { Duplex } from 'node:stream';
import { FlowResetError, type MeshFlow } from './flow.js';

/** Trailers that say: these bytes ended because their sender ended them. Without the mark, an end is a reset. */
const END_MARK = 'gs-end';
/** Larger writes of many stalled flows at once would exhaust what a session may hold. */
export const MAX_WRITE_BYTES = 64 * 1024;

/** Why a session ended, once it has. */
export type SessionEnd = () => FlowResetError | null;

/** One flow over one HTTP/2 stream, at either end, once it is accepted. */
export class FlowStream extends Duplex implements MeshFlow {
  private readonly stream: Http2Stream;
  private readonly sessionEnd: SessionEnd;
  private bytesEnded = false;
  private marked = false;
  private resumeWriting: (() => void) | null = null;

  constructor(
    stream: Http2Stream,
    readonly targetVersion: number,
    sessionEnd: SessionEnd,
  ) {
    super({ allowHalfOpen: true, highWaterMark: MAX_WRITE_BYTES });
    this.stream = stream;
    this.sessionEnd = sessionEnd;
    stream.on('error', () => undefined); // 'close' always follows, and tells all there is to know
    stream.on('close', () => this.streamClosed());
    if (stream.destroyed) {
      process.nextTick(() => this.streamClosed());
      return;
    }
    stream.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) stream.pause();
    });
    stream.pause(); // nothing is read before someone wants it
    stream.on('trailers', (trailers: IncomingHttpHeaders) => {
      this.marked = trailers[END_MARK] === '1';
      this.ended();
    });
    stream.on('end', () => {
      this.bytesEnded = true;
      this.ended();
      // The trailers' event comes before the end of the bytes; a tick later there is none to come.
      setImmediate(() => {
        if (!this.marked) this.lost();
      });
    });
    stream.on('drain', () => this.writeOn());
    stream.on('wantTrailers', () => {
      if (!stream.closed && !stream.destroyed) stream.sendTrailers({ [END_MARK]: '1' });
    });
  }

  reset(code: string): void {
    this.destroy(new FlowResetError(code, `the flow was reset here: ${code}`));
  }

  /** Node still hands out what lies buffered in a destroyed stream; after a reset that is not to be had any more. */
  override read(size?: number): unknown {
    return this.destroyed ? null : super.read(size);
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
    const clean = error === null && this.readableEnded && this.writableFinished;
    // Trailers may still be on their way out of a clean flow: its stream closes by itself.
    if (!clean && !this.stream.destroyed) this.stream.close(constants.NGHTTP2_CONNECT_ERROR);
    done(error);
  }

  /** Copies: HTTP/2 keeps what it is given until it is sent, and callers reuse their buffers. */
  private writeFrom(chunk: Buffer, offset: number, done: () => void): void {
    let position = offset;
    while (position < chunk.length) {
      const piece = Buffer.from(chunk.subarray(position, position + MAX_WRITE_BYTES));
      position += piece.length;
      if (this.stream.write(piece)) continue;
      this.resumeWriting = () => this.writeFrom(chunk, position, done);
      return;
    }
    done();
  }

  private writeOn(): void {
    const go = this.resumeWriting;
    this.resumeWriting = null;
    go?.();
  }

  private ended(): void {
    if (this.bytesEnded && this.marked && !this.destroyed) this.push(null);
  }

  private streamClosed(): void {
    const bothEnded = this.bytesEnded && this.marked && this.stream.writableFinished;
    if (!bothEnded || this.stream.rstCode !== constants.NGHTTP2_NO_ERROR) this.lost();
  }

  private lost(): void {
    this.destroy(this.sessionEnd() ?? new FlowResetError('FLOW_RESET', 'the other end reset the flow'));
  }
}
