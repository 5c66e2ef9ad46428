import { readFile } from 'node:fs/promises';
import { isIPv4, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { connectionKey, unacknowledgedIn } from './send-queue-table.js';

/**
 * The smallest initial window of a connection (RFC 6928: ten segments of at least 536 bytes). So few bytes are sent as
 * soon as they are written, and a reset may follow at once.
 */
const FIRST_WINDOW_BYTES = 4_096;
/** Reading the kernel's table takes time for each bucket and line, so a pause of nine times that long follows. */
const PAUSES_PER_READ = 9;
const SHORTEST_PAUSE_MS = 2;
const LONGEST_PAUSE_MS = 500;
/**
 * A table that is read in parts may miss a line that moved meanwhile, so a connection counts as gone after this many
 * reads without it.
 */
const READS_TO_BE_GONE = 2;
/**
 * Systems other than Linux have no such table: there a reset waits this long for the other side to take what was sent.
 */
const BLIND_WAIT_MS = 250;

interface Waiting {
  readonly socket: Socket;
  readonly key: string;
  readonly file: 'tcp' | 'tcp6';
  readonly then: () => void;
  missed: number;
}

/**
 * Reports when the other side of a connection has acknowledged everything sent to it. A reset drops what the kernel has
 * not sent yet. Node cannot ask how much that is, but the kernel's table of connections shows it.
 */
export class SendQueues {
  private readonly waiting = new Set<Waiting>();
  private isReading = false;

  constructor(private readonly folder = '/proc/self/net') {}

  /**
   * Calls `then` once everything is acknowledged or the connection is over. All bytes must have been passed to the
   * kernel. A socket that is destroyed before that is forgotten.
   */
  whenEmpty(socket: Socket, then: () => void): void {
    const { localAddress, localPort, remoteAddress, remotePort, bytesWritten } = socket;
    const isOver = !localAddress || !localPort || !remoteAddress || !remotePort;
    if (isOver || bytesWritten <= FIRST_WINDOW_BYTES) {
      then();
      return;
    }
    const key = connectionKey(localAddress, localPort, remoteAddress, remotePort);
    this.waiting.add({ socket, key, file: isIPv4(localAddress) ? 'tcp' : 'tcp6', then, missed: 0 });
    if (!this.isReading) void this.readOn();
  }

  private async readOn(): Promise<void> {
    this.isReading = true;
    while (this.waiting.size > 0) {
      const startedAt = performance.now();
      await Promise.all([this.read('tcp'), this.read('tcp6')]);
      const took = performance.now() - startedAt;
      const pauseMs = Math.min(Math.max(took * PAUSES_PER_READ, SHORTEST_PAUSE_MS), LONGEST_PAUSE_MS);
      if (this.waiting.size > 0) await pause(pauseMs);
    }
    this.isReading = false;
  }

  private async read(file: Waiting['file']): Promise<void> {
    // Only connections that waited before the table was read: a later one may have sent since.
    const asked = this.stillOpen(file);
    if (asked.length === 0) return;
    const table = await readFile(`${this.folder}/${file}`, 'latin1').catch(() => null);
    if (table === null) {
      await pause(BLIND_WAIT_MS);
      for (const waiting of asked) this.end(waiting);
      return;
    }
    const unacknowledged = unacknowledgedIn(table, new Set(asked.map(({ key }) => key)));
    for (const waiting of asked) {
      const left = unacknowledged.get(waiting.key);
      waiting.missed = left === undefined ? waiting.missed + 1 : 0;
      if (left === 0 || waiting.missed >= READS_TO_BE_GONE) this.end(waiting);
    }
  }

  private stillOpen(file: Waiting['file']): readonly Waiting[] {
    for (const waiting of this.waiting) if (waiting.socket.destroyed) this.waiting.delete(waiting);
    return [...this.waiting].filter((waiting) => waiting.file === file);
  }

  private end(waiting: Waiting): void {
    this.waiting.delete(waiting);
    if (!waiting.socket.destroyed) waiting.then();
  }
}
