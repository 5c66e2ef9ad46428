import type { Socket } from 'node:net';
import { FlowResetError, type MeshFlow } from '#libs/mesh/flow.js';
import type { BulkReads } from './bulk-socket.js';
import { surviveFailedWrites } from './failed-writes.js';
import { LaterResets } from './later-resets.js';
import { ReadBuffer } from './read-buffer.js';
import { resetSocket } from './reset-socket.js';
import { SendQueues } from './send-queues.js';

/** Events of one end, for its flow. */
export interface EndWatch {
  /** Both directions ended, and everything written here was passed on. */
  ended(): void;
  /** The other side reset the connection; what it had sent before is still being read. */
  resetNoticed(): void;
  /** The other side reset the connection; everything it had sent was read and written to the flow's other end. */
  resetByPeer(): void;
  /** The connection broke, and what was buffered for it is lost. */
  failed(): void;
}

const NOBODY: EndWatch = { ended: () => {}, resetNoticed: () => {}, resetByPeer: () => {}, failed: () => {} };

/** One for the process, because one read of the kernel's table answers for all waiting connections. */
const sendQueues = new SendQueues();

const idleStreams = new LaterResets();

/**
 * A TCP connection to a sandbox or client. It reads nothing before `onBytes` is set and `stream.resume()` is called.
 */
export class SocketEnd {
  readonly kind = 'socket';
  readonly stream: Socket;
  readonly reads = new ReadBuffer();
  watch: EndWatch = NOBODY;
  /** Called with each read; returns whether to go on reading. */
  onBytes: (length: number, bytes: Uint8Array) => boolean = () => false;
  /** Called when the other side ended its bytes. */
  onEnd: () => void = () => {};
  private lent = false;
  private closed = false;
  private leaving = false;
  private failedWrite: Error | null = null;

  /** `make` must return a socket that reads through the reads it is given. */
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

  /**
   * A write elsewhere uses the bytes last read: until `giveBack` they are not overwritten, and the buffer is not given
   * to others.
   */
  lend(): void {
    this.lent = true;
  }

  giveBack(): void {
    this.lent = false;
    if (this.closed) this.reads.release();
    else if (!this.leaving) this.stream.resume();
  }

  /** Resets the connection at once and drops what is buffered for the other side. TCP carries no reason. */
  reset(_code?: string): void {
    this.leave();
    resetSocket(this.stream);
  }

  /**
   * Resets once the other side has acknowledged everything written here. Until then `reset` can still drop the rest.
   */
  resetAfterDelivery(_code?: string): void {
    this.leave();
    this.stream.pause();
    whenWritten(this.stream, () => sendQueues.whenEmpty(this.stream, () => resetSocket(this.stream)));
  }

  private resetByPeer(): void {
    const { watch } = this;
    this.watch = NOBODY;
    this.stream.destroy();
    watch.resetByPeer();
  }

  private leave(): void {
    this.leaving = true;
    this.onBytes = () => false;
    this.onEnd = () => {};
  }
}

/**
 * Whether the other side reset the connection before it ended its bytes. After its end, the kernel reports EPIPE for
 * the same reset (tcp(7), RFC 9293 section 3.10.7.4), and what it sent is complete.
 */
function isReset(failedWrite: Error | null): boolean {
  return failedWrite !== null && !('code' in failedWrite && failedWrite.code === 'EPIPE');
}

/** Calls `then` when everything written, including the end, is in the kernel. */
function whenWritten(socket: Socket, then: () => void): void {
  if (socket.writableFinished) then();
  else if (socket.writableEnded) socket.once('finish', then);
  else socket.write(Buffer.alloc(0), () => then());
}

/** A flow over the mesh to or from another host. */
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

  /**
   * Resets both ends and drops what is buffered: at once if there is anything, and else after what the event loop has
   * to do at the moment. Nothing more is passed on from the stream or to it.
   */
  reset(code: string): void {
    this.leaving = true;
    if (this.stream.hasUnsent) this.stream.reset(code);
    else idleStreams.add(() => this.stream.reset(code));
  }

  /** Resets the peer's end once everything written here was read there. */
  resetAfterDelivery(code: string): void {
    this.leaving = true;
    this.stream.resetAfterDelivery(code);
    // Read and discarded: the peer's own end or reset comes after what it still sends.
    this.stream.resume();
  }
}

export type FlowEnd = SocketEnd | MeshEnd;
