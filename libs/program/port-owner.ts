import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { CodedError } from '#libs/contracts/errors.js';
import { boundSockets } from './listening-sockets.js';

/** A port that a program is to listen on cannot be used. */
export class PortUnusableError extends CodedError {}

/**
 * Why a socket could not be bound to this port, by Node's error, in words that follow its address: `is in use by
 * nats-server (pid 7)`.
 */
export async function bindFault(port: number, error: unknown): Promise<string> {
  switch (error instanceof Error && 'code' in error ? error.code : null) {
    case 'EADDRINUSE':
      return `is in use by ${(await ownerOfPort(port)) ?? 'another process'}`;
    case 'EADDRNOTAVAIL':
      return 'is not an address of this host';
    case 'EACCES':
      return 'may not be bound: ports below 1024 need root or the capability CAP_NET_BIND_SERVICE';
    default:
      return `cannot be bound: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** The error of a program that cannot listen at the address of this setting. */
export async function portUnusable(
  { host, port }: { readonly host: string; readonly port: number },
  setting: string,
  error: unknown,
): Promise<PortUnusableError> {
  const isBusy = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
  return new PortUnusableError(
    isBusy ? 'PORT_BUSY' : 'PORT_UNAVAILABLE',
    `${host}:${port} of ${setting} ${await bindFault(port, error)}`,
    isBusy ? `stop that process, or set ${setting} to another port` : `set ${setting} to an address of this host`,
  );
}

/** A look goes through all processes of the host. A program with many addresses in use, and retries, needs one look. */
const KNOWN_FOR_MS = 5_000;
const known = new Map<number, { readonly atMs: number; readonly owner: Promise<string | null> }>();

/**
 * `name (pid N)` of the process that has bound the port, from proc(5); null: it is not known, as for a process of
 * another user or namespace. Up to five seconds old.
 */
export function ownerOfPort(port: number): Promise<string | null> {
  const before = known.get(port);
  const nowMs = performance.now();
  if (before !== undefined && nowMs - before.atMs < KNOWN_FOR_MS) return before.owner;
  const owner = lookForOwner(port);
  known.set(port, { atMs: nowMs, owner });
  return owner;
}

async function lookForOwner(port: number): Promise<string | null> {
  const bound = (await boundSockets()).filter((socket) => socket.port === port);
  const sockets = new Set(bound.map(({ inode }) => `socket:[${inode}]`));
  if (sockets.size === 0) return null;
  const pid = entriesOf('/proc').find((entry) => /^\d+$/.test(entry) && holds(entry, sockets));
  return pid === undefined ? null : `${nameOf(pid)} (pid ${pid})`;
}

function entriesOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
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

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
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
