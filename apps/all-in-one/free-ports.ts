import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { bindFault, PortUnusableError } from '#libs/program/port-owner.js';

/** Lower ports belong to well-known services. */
const LEAST_PORT = 10_000;
/** Linux's default. */
const DEFAULT_FIRST_OUTGOING_PORT = 32_768;
const MOST_PORTS_TRIED = 100;

/** Binds the port once. Error: PortUnusableError, which names the port and the process that has it. */
export async function requireFreePort(host: string, port: number, remedy: string): Promise<void> {
  const error = await bindError(host, port);
  if (error === null) return;
  const code = error.code === 'EADDRINUSE' ? 'PORT_BUSY' : 'PORT_UNAVAILABLE';
  throw new PortUnusableError(code, `${host}:${port} ${await bindFault(port, error)}`, remedy);
}

interface PortRange {
  readonly least: number;
  readonly most: number;
}

/**
 * A free TCP port of this host outside the kernel's range for outgoing connections (ip_local_port_range), so that no
 * such connection takes it before a later start. None of `except`, which others will bind. Rejects with
 * PortUnusableError if there is none.
 */
export async function freePortOn(
  host: string,
  except: readonly number[] = [],
  { least, most }: PortRange = portsOfServers(),
): Promise<number> {
  for (let tried = 0; tried < MOST_PORTS_TRIED; tried += 1) {
    const port = randomInt(least, most + 1);
    if (!except.includes(port) && (await bindError(host, port)) === null) return port;
  }
  throw new PortUnusableError(
    'PORT_UNAVAILABLE',
    `no port of ${host} between ${least} and ${most} could be bound`,
    'stop what listens there, and start again',
  );
}

/** Ports that need no privilege and are not used for outgoing connections. */
function portsOfServers(): PortRange {
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

function bindError(host: string, port: number): Promise<NodeJS.ErrnoException | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(null)));
  });
}
