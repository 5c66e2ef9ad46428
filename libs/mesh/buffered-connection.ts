import { Duplex } from 'node:stream';
import type { SendQueue } from './send-turns.js';

/**
 * With more than this unsent, nothing more is taken. The flows of a session leave far less there (SendTurns); only a
 * peer that asks without end and reads no answer gets here.
 */
export const MOST_UNSENT_BYTES = 16 * 1024 * 1024;

/** A socket, or a TLS connection over one. */
type Below = Duplex & { readonly bytesRead: number };

/**
 * A connection that says at once that a write is done, and keeps the bytes until the connection below has sent them.
 * Node's HTTP/2 does not read while a write is not done. Without this, two ends that both send more than the path
 * between them holds would each wait for ever until the other reads (docs/adr/0101).
 */
export class BufferedConnection extends Duplex implements SendQueue {
  taken = 0;
  private sent = (): void => undefined;

  constructor(private readonly below: Below) {
    super();
    below.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) below.pause();
    });
    below.once('end', () => this.push(null));
    below.on('error', (error) => this.destroy(error));
    below.on('close', () => {
      // What has arrived is still read.
      if (this.readableLength > 0) this.once('end', () => this.destroy());
      else this.destroy();
    });
  }

  get unsent(): number {
    return this.below.writableLength;
  }

  /** Bytes that have arrived, as sent over the network. */
  get received(): number {
    return this.below.bytesRead;
  }

  onSent(listener: () => void): void {
    this.sent = listener;
  }

  override _read(): void {
    this.below.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.taken += chunk.length;
    this.below.write(chunk, this.sent);
    this.takeNext(done);
  }

  override _writev(chunks: readonly { readonly chunk: Buffer }[], done: () => void): void {
    this.below.cork();
    let last = chunks.length;
    for (const { chunk } of chunks) {
      last -= 1;
      this.taken += chunk.length;
      this.below.write(chunk, last === 0 ? this.sent : undefined);
    }
    this.below.uncork();
    this.takeNext(done);
  }

  override _final(done: () => void): void {
    this.below.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.below.destroy();
    done(error);
  }

  private takeNext(done: () => void): void {
    if (this.unsent < MOST_UNSENT_BYTES) done();
    else this.below.once('drain', done);
  }
}
