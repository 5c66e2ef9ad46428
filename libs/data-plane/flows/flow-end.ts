import type { Socket } from 'node:net';
import type { MeshFlow } from '#libs/mesh/flow.js';
import type { BulkReads } from './bulk-socket.js';
import { ReadBuffer } from './read-buffer.js';
import { resetSocket } from './reset-socket.js';

/** What a flow hears from each of its ends. */
export interface EndWatch {
  /** Both directions ended, and everything written here was handed on. */
  ended(): void;
  /** The connection broke or was reset. */
  failed(): void;
}

const NOBODY: EndWatch = { ended: () => {}, failed: () => {} };

/** A TCP connection to a sandbox. It reads nothing before `onBytes` is set and `stream.resume()` called. */
export class SocketEnd {
  readonly kind = 'socket';
  readonly stream: Socket;
  readonly reads = new ReadBuffer();
  watch: EndWatch = NOBODY;
  /** Takes each read and answers whether to go on reading. */
  onBytes: (length: number, bytes: Uint8Array) => boolean = () => false;
  private lent = false;
  private closed = false;

  /** `make` is to give a socket that reads through these reads. */
  constructor(make: (reads: BulkReads) => Socket) {
    this.stream = make({
      buffer: () => this.reads.bytes,
      callback: (length, bytes) => this.onBytes(length, bytes),
    });
    this.stream.pause();
    this.stream.on('error', () => this.watch.failed());
    this.stream.on('close', () => {
      this.closed = true;
      if (!this.lent) this.reads.release();
      if (this.stream.readableEnded && this.stream.writableFinished && this.stream.errored === null) this.watch.ended();
      else this.watch.failed();
    });
  }

  /** A write elsewhere uses the bytes last read: they are not read over, nor given to others, until `giveBack`. */
  lend(): void {
    this.lent = true;
  }

  giveBack(): void {
    this.lent = false;
    if (this.closed) this.reads.release();
    else this.stream.resume();
  }

  /** TCP carries no reason. */
  reset(_code?: string): void {
    this.onBytes = () => false;
    resetSocket(this.stream);
  }
}

/** A flow of the mesh, to or from another host. */
export class MeshEnd {
  readonly kind = 'mesh';
  watch: EndWatch = NOBODY;

  constructor(readonly stream: MeshFlow) {
    let ended = false;
    const half = () => {
      if (ended || !stream.readableEnded || !stream.writableFinished) return;
      ended = true;
      this.watch.ended();
    };
    stream.on('end', half);
    stream.on('finish', half);
    stream.on('error', () => this.watch.failed());
    stream.on('close', () => {
      half();
      if (!ended) this.watch.failed();
    });
  }

  reset(code: string): void {
    this.stream.reset(code);
  }
}

export type FlowEnd = SocketEnd | MeshEnd;
