import { isIPv4 } from 'node:net';
import { type ListeningSocket, listeningSockets } from '#libs/program/listening-sockets.js';
import { runTool } from '../ip-command.js';
import { isInRange } from '../local-range.js';

/** What the rules let sandboxes reach. */
export interface SandboxReach {
  /** Addresses of sandboxes, of both families. */
  readonly sandboxes: readonly string[];
  readonly resolvers: readonly string[];
  readonly proxyRange: string;
}

/** A connection of this host, with both ends as ss prints them. */
export interface Connection {
  readonly local: string;
  readonly remote: string;
}

const TIMEOUT_MS = 10_000;
const RESOLVER_PORT = 53;
const CONNECTIONS = ['ss', '-H', '-t', '-n', 'state', 'connected'];

/**
 * Ends connections that sandboxes opened to services of the host while the rules were not in force; the rules would let
 * an existing connection go on. Error: `ss` failed.
 */
export async function cutStrays(reach: SandboxReach): Promise<void> {
  const [printed, sockets] = await Promise.all([
    runTool(CONNECTIONS, AbortSignal.timeout(TIMEOUT_MS)),
    listeningSockets(),
  ]);
  // All connections of one sandbox to one service are cut together.
  const cuts = new Map(
    straysAmong(parseConnections(printed), sockets, reach).map(({ local, remote }) => {
      const sandbox = remote.slice(0, remote.lastIndexOf(':'));
      return [`${local} ${sandbox}`, ['ss', '-K', '-H', '-t', '-n', 'src', local, 'dst', sandbox]];
    }),
  );
  for (const cut of cuts.values()) await runTool(cut, AbortSignal.timeout(TIMEOUT_MS));
}

/** Parses lines of `ss -H`: state, queues and both ends. */
export function parseConnections(printed: string): readonly Connection[] {
  return printed.split('\n').flatMap((line) => {
    const [, , , local, remote] = line.trim().split(/\s+/);
    return local === undefined || remote === undefined ? [] : [{ local, remote }];
  });
}

/**
 * Connections that a sandbox opened to anything but a proxy or its resolver. Connections that the host dialled have no
 * listener.
 */
export function straysAmong(
  connections: readonly Connection[],
  sockets: readonly ListeningSocket[],
  { sandboxes, resolvers, proxyRange }: SandboxReach,
): readonly Connection[] {
  const known = new Set(sandboxes);
  const isProxy = isInRange(proxyRange);
  return connections.filter(({ local, remote }) => {
    if (!known.has(endOf(remote).address)) return false;
    const { address, port } = endOf(local);
    const listening = sockets.filter((socket) => socket.port === port);
    const isOwn = listening.some((socket) => socket.address === address);
    const isOpen = isIPv4(address) && (isProxy(address) || (resolvers.includes(address) && port === RESOLVER_PORT));
    if (isOwn && isOpen) return false;
    return isOwn || listening.some((socket) => socket.isEveryAddress || (!isIPv4(address) && !isIPv4(socket.address)));
  });
}

/** `10.0.0.1:80` or `[fd00::1]:80`; a socket for both families prints an IPv4 address in mapped form. */
function endOf(text: string): { readonly address: string; readonly port: number } {
  const at = text.lastIndexOf(':');
  const address = text.slice(0, at).replace(/^\[|\]$/g, '');
  return { address: address.replace(/^::ffff:/, ''), port: Number(text.slice(at + 1)) };
}
