import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

const LOOPBACK = '127.0.0.1';

/** A resident's answer through a forwarded port of this machine, or why there is none. */
export async function askThroughForward(port: number, deadlineMs: number): Promise<string> {
  const socket = connect({ host: LOOPBACK, port, allowHalfOpen: true });
  try {
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    socket.end('who\n');
    await once(socket, 'end', { signal: AbortSignal.timeout(deadlineMs) });
    return text.trim();
  } catch (error) {
    return String(error);
  } finally {
    socket.destroy();
  }
}

/** A connection through a forwarded port that stays open. */
export class LocalFlow {
  private socket: Socket | null = null;

  async open(port: number, deadlineMs: number): Promise<boolean> {
    this.close();
    const socket = connect({ host: LOOPBACK, port, noDelay: true });
    socket.on('error', () => socket.destroy());
    socket.write('hold\n');
    this.socket = socket;
    return this.isHeard(socket, deadlineMs);
  }

  /** Whether bytes still pass in both directions. */
  async echoes(deadlineMs: number): Promise<boolean> {
    const { socket } = this;
    if (socket === null || socket.destroyed) return false;
    socket.write('ping\n');
    return this.isHeard(socket, deadlineMs);
  }

  close(): void {
    this.socket?.destroy();
    this.socket = null;
  }

  private isHeard(socket: Socket, deadlineMs: number): Promise<boolean> {
    const signal = AbortSignal.timeout(deadlineMs);
    return Promise.race([
      once(socket, 'data', { signal }).then(() => true),
      once(socket, 'close', { signal }).then(() => false),
    ]).catch(() => false);
  }
}
