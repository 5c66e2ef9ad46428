import type { Socket } from 'node:net';
import { FlowResetError, type MeshFlow } from '#libs/mesh/flow.js';
import type { BulkReads } from './bulk-socket.js';
import { surviveFailedWrites } from './failed-writes.js';
import { ReadBuffer } from './read-buffer.js';
import { resetSocket } from './reset-socket.js';
import { SendQueues } from './send-queues.js';

/** What a flow hears from each of its ends. */
export interface EndWatch {
  /** Both directions ended, and everything written here was handed on. */
  ended(): void;
  /** The other side has reset the connection; what it had sent before is still being read. */
  resetNoticed(): void;
  /** The other side reset the connection; all that it had sent before was read, and written to the flow's other end. */
  resetByPeer(): void;
  /** The connection is gone, and what was buffered for it is lost. */
  failed(): void;
}

const NOBODY: EndWatch = { ended: () => {}, resetNoticed: () => {}, resetByPeer: () => {}, failed: () => {} };

/** One for the process: a read of the kernel's table answers for every connection that waits. */
const sendQueues = new SendQueues();

/** A TCP connection to a sandbox. It reads nothing before `onBytes` is set and `stream.resume()` called. */
export class SocketEnd {
  readonly kind = 'socket';
  readonly stream: Socket;
  readonly reads = new ReadBuffer();
  watch: EndWatch = NOBODY;
  /** Takes each read and answers whether to go on reading. */
  onBytes: (length: number, bytes: Uint8Array) => boolean = () => false;
  /** The other side ended its bytes. */
  onEnd: () => void = () => {};
  private lent = false;
  private closed = false;
  private leaving = false;
  private failedWrite: Error | null = null;

  /** `make` is to give a socket that reads through these reads. */
  constructor(make: (reads: BulkReads) => Socket) {
    this.stream = make({
      buffer: () => this.reads.bytes,
      callback: (length, bytes) => this.onBytes(length, bytes),
    });
    this.stream.pause();
    surviveFailedWrites(this.stream, (error) => {
      this.failedWrite = error;
      if (this.stream.readableEnded || this.leaving) this.resetByPeer();
      else this.watch.resetNoticed();
    });
    this.stream.on('end', () => {
      if (!isReset(this.failedWrite)) this.onEnd();
      if (this.failedWrite !== null) this.resetByPeer();
    });
    this.stream.on('error', () => this.resetByPeer());
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
    else if (!this.leaving) this.stream.resume();
  }

  /** Resets the connection immediately and drops what is buffered for the other side. TCP carries no reason. */
  reset(_code?: string): void {
    this.stopReading();
    resetSocket(this.stream);
  }

  /**
   * As soon as the other side has acknowledged all that was written here; until then `reset` may still cut it short.
   */
  resetAfterDelivery(_code?: string): void {
    this.stopReading();
    whenWritten(this.stream, () => sendQueues.whenEmpty(this.stream, () => resetSocket(this.stream)));
  }

  private resetByPeer(): void {
    const { watch } = this;
    this.watch = NOBODY;
    this.stream.destroy();
    watch.resetByPeer();
  }

  private stopReading(): void {
    this.leaving = true;
    this.onBytes = () => false;
    this.onEnd = () => {};
    this.stream.pause();
  }
}

/**
 * Whether the other side reset the connection before it had ended its bytes. After its end the kernel reports EPIPE for
 * the same reset (tcp(7), RFC 9293 section 3.10.7.4), and what it sent is whole.
 */
function isReset(failedWrite: Error | null): boolean {
  return failedWrite !== null && !('code' in failedWrite && failedWrite.code === 'EPIPE');
}

/** Calls `then` when the kernel has all that was written, end included. */
function whenWritten(socket: Socket, then: () => void): void {
  if (socket.writableFinished) then();
  else if (socket.writableEnded) socket.once('finish', then);
  else socket.write(Buffer.alloc(0), () => then());
}

/** A flow of the mesh, to or from another host. */
export class MeshEnd {
  readonly kind = 'mesh';
  watch: EndWatch = NOBODY;
  private leaving = false;

  constructor(readonly stream: MeshFlow) {
    let ended = false;
    const half = () => {
      if (ended || this.leaving || !stream.readableEnded || !stream.writableFinished) return;
      ended = true;
      this.watch.ended();
    };
    stream.on('end', half);
    stream.on('finish', half);
    stream.on('error', (error) => {
      const { watch } = this;
      this.watch = NOBODY;
      if (error instanceof FlowResetError && error.isAfterDelivery) watch.resetByPeer();
      else watch.failed();
    });
    stream.on('close', () => {
      half();
      if (!ended) this.watch.failed();
    });
  }

  /** Resets both ends immediately and drops what is buffered. */
  reset(code: string): void {
    this.stream.reset(code);
  }

  /** The peer's end is reset once all that was written here has been read there. */
  resetAfterDelivery(code: string): void {
    this.leaving = true;
    this.stream.resetAfterDelivery(code);
    // What the peer still sends has no taker, but its own end or reset comes behind it.
    this.stream.resume();
  }
}

export type FlowEnd = SocketEnd | MeshEnd;
