import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { CodedError } from '#libs/contracts/errors.js';
import { listeningSockets } from '#libs/data-plane/proxy/listening-sockets.js';

export class PortBusyError extends CodedError {}

/** Rejects with PortBusyError, naming the port and the process that holds it, when it cannot be bound. */
export async function requireFreePort(host: string, port: number, remedy: string): Promise<void> {
  const code = await bindError(host, port);
  if (code === null) return;
  if (code !== 'EADDRINUSE') {
    throw new PortBusyError('PORT_UNAVAILABLE', `${host}:${port} cannot be bound: ${code}`, remedy);
  }
  const owner = await ownerOf(port);
  throw new PortBusyError('PORT_BUSY', `${host}:${port} is in use by ${owner ?? 'another process'}`, remedy);
}

/** A TCP port of that host that is free now. */
export function freePortOn(host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, host, () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

function bindError(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(null)));
  });
}

/** `name (pid N)` of the process that listens on the port, found through proc(5). */
async function ownerOf(port: number): Promise<string | null> {
  const listening = (await listeningSockets()).filter((socket) => socket.port === port);
  const sockets = new Set(listening.map(({ inode }) => `socket:[${inode}]`));
  const pid = readdirSync('/proc').find((entry) => /^\d+$/.test(entry) && holds(entry, sockets));
  return pid === undefined ? null : `${nameOf(pid)} (pid ${pid})`;
}

function holds(pid: string, sockets: ReadonlySet<string>): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => sockets.has(readlinkSync(`/proc/${pid}/fd/${fd}`)));
  } catch {
    return false;
  }
}

function nameOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trimEnd();
  } catch {
    return 'a process';
  }
}
