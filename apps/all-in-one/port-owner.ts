import { randomInt } from 'node:crypto';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { basename } from 'node:path';
import { CodedError } from '#libs/contracts/errors.js';
import { listeningSockets } from '#libs/data-plane/proxy/listening-sockets.js';

/** Lower ports belong to well-known services. */
const LEAST_PORT = 10_000;
/** Linux's default. */
const DEFAULT_FIRST_OUTGOING_PORT = 32_768;
const MOST_PORTS_TRIED = 100;

export class PortBusyError extends CodedError {}

/** Rejects with PortBusyError, which names the port and its process, if the port cannot be bound. */
export async function requireFreePort(host: string, port: number, remedy: string): Promise<void> {
  const code = await bindError(host, port);
  if (code === null) return;
  if (code !== 'EADDRINUSE') {
    throw new PortBusyError('PORT_UNAVAILABLE', `${host}:${port} cannot be bound: ${code}`, remedy);
  }
  const owner = await ownerOf(port);
  throw new PortBusyError('PORT_BUSY', `${host}:${port} is in use by ${owner ?? 'another process'}`, remedy);
}

/**
 * A free TCP port of this host outside the kernel's range for outgoing connections (ip_local_port_range), so that no
 * such connection takes it before a later start. Rejects with PortBusyError if there is none.
 */
export async function freePortOn(host: string): Promise<number> {
  const { least, most } = portsOfServers();
  for (let tried = 0; tried < MOST_PORTS_TRIED; tried += 1) {
    const port = randomInt(least, most + 1);
    if ((await bindError(host, port)) === null) return port;
  }
  throw new PortBusyError(
    'PORT_UNAVAILABLE',
    `no port of ${host} between ${least} and ${most} could be bound`,
    'end what listens there, and start again',
  );
}

/** Ports that need no privilege and are not used for outgoing connections. */
function portsOfServers(): { readonly least: number; readonly most: number } {
  const first = Number(readText('/proc/sys/net/ipv4/ip_local_port_range').split(/\s/)[0]);
  return { least: LEAST_PORT, most: first > LEAST_PORT ? first - 1 : DEFAULT_FIRST_OUTGOING_PORT - 1 };
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function bindError(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(null)));
  });
}

/** `name (pid N)` of the process that listens on the port, from proc(5). */
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
  return (
    programName(readText(`/proc/${pid}/cmdline`).split('\0')) ??
    (readText(`/proc/${pid}/comm`).trimEnd() || 'a process')
  );
}

/**
 * A process's recognisable name: its program, and for Node, whose threads are all called MainThread, the script. Other
 * arguments are not shown, because they may be secrets.
 */
export function programName([command = '', ...args]: readonly string[]): string | null {
  if (command === '') return null;
  const program = basename(command);
  if (program !== 'node') return program;
  const script = args.find((word) => !word.startsWith('-'));
  return script === undefined || script === '' ? program : `node ${script.split('/').slice(-2).join('/')}`;
}
