import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { CodedError } from '#libs/contracts/errors.js';

export class PortBusyError extends CodedError {}

/** Rejects with PortBusyError, naming the port and the process that holds it, when it cannot be bound. */
export async function requireFreePort(host: string, port: number, remedy: string): Promise<void> {
  const code = await bindError(host, port);
  if (code === null) return;
  if (code !== 'EADDRINUSE') {
    throw new PortBusyError('PORT_UNAVAILABLE', `${host}:${port} cannot be bound: ${code}`, remedy);
  }
  const owner = ownerOf(port);
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

const LISTENING = '0A';

/** `name (pid N)` of the process that listens on the port, found through proc(5). */
function ownerOf(port: number): string | null {
  const inodes = new Set<string>();
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of lines(table).slice(1)) {
      const fields = line.trim().split(/\s+/);
      const listensOn = Number.parseInt(fields[1]?.split(':')[1] ?? '', 16);
      if (listensOn === port && fields[3] === LISTENING && fields[9] !== undefined) inodes.add(`socket:[${fields[9]}]`);
    }
  }
  for (const pid of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    if (holds(pid, inodes)) return `${lines(`/proc/${pid}/comm`)[0] ?? 'a process'} (pid ${pid})`;
  }
  return null;
}

function holds(pid: string, sockets: ReadonlySet<string>): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => sockets.has(readlinkSync(`/proc/${pid}/fd/${fd}`)));
  } catch {
    return false;
  }
}

function lines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').trimEnd().split('\n');
  } catch {
    return [];
  }
}
