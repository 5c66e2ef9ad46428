import { BlockList, isIP } from 'node:net';
import { CodedError } from '#libs/contracts/errors.js';
import { connectEnd } from './connect-end.js';
import { SourceTurns } from './dial-sources.js';
import type { FlowCode } from './flow-code.js';
import type { SocketEnd } from './flow-end.js';

/** Connecting to a sandbox of this host failed. */
export class TargetUnreachableError extends CodedError {
  constructor(
    override readonly code: FlowCode,
    message: string,
    remedy: string | null = null,
  ) {
    super(code, message, remedy);
  }
}

/** Dials a sandbox of this host; rejects with TargetUnreachableError, also if aborted. */
export type Dial = (address: string, port: number, signal: AbortSignal) => Promise<SocketEnd>;

/** RFC 6890: this network, link-local, multicast and reserved. No sandbox has such an address. */
const NEVER_A_SANDBOX = ['0.0.0.0/8', '169.254.0.0/16', '224.0.0.0/3', '::/128', 'fe80::/10', 'ff00::/8'];

/**
 * A dialler that refuses these ranges (CIDR) and those where no sandbox can be. It connects with half-close, no delay,
 * keepalive, and reading paused, from each source address in turn. The source port of an ended connection stays taken
 * for a minute (TIME_WAIT), so one source address allows only some 470 connections a second to one port.
 */
export function createDial(forbiddenRanges: readonly string[], sources: readonly string[] = []): Dial {
  const turns = new SourceTurns(sources);
  const forbidden = new BlockList();
  for (const range of [...NEVER_A_SANDBOX, ...forbiddenRanges]) {
    const [network = '', prefix] = range.split('/');
    const family = network.includes(':') ? 'ipv6' : 'ipv4';
    forbidden.addSubnet(network, prefix === undefined ? (family === 'ipv6' ? 128 : 32) : Number(prefix), family);
  }
  return async (address, port, signal) => {
    const version = isIP(address);
    if (version === 0 || forbidden.check(address, version === 6 ? 'ipv6' : 'ipv4')) {
      throw new TargetUnreachableError('TARGET_FORBIDDEN', `${address} is never dialled`);
    }
    for (const source of turns.turn(address)) {
      const end = await connectTo({ address, port, source }, signal);
      if (end !== 'no source port') return end;
    }
    throw new TargetUnreachableError(
      'SOURCE_PORTS_EXHAUSTED',
      `${address}:${port}: every source port of this host is in use by open connections or by connections that ` +
        'ended within the last minute',
      'widen net.ipv4.ip_local_port_range, or give GLOBALSTACKS_AGENT_MESH_PROXY_BIND a larger range',
    );
  };
}

interface Connecting {
  readonly address: string;
  readonly port: number;
  /** null: the kernel chooses. */
  readonly source: string | null;
}

async function connectTo(
  { address, port, source }: Connecting,
  signal: AbortSignal,
): Promise<SocketEnd | 'no source port'> {
  const from = source === null ? {} : { localAddress: source };
  try {
    return await connectEnd({ host: address, port, ...from, autoSelectFamily: false }, signal);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    // bind: no port is free, or the source is no longer an address of this host. connect: no port is free.
    if (code === 'EADDRINUSE' || code === 'EADDRNOTAVAIL') return 'no source port';
    const message = error instanceof Error ? error.message : String(error);
    const ours = code === 'ECONNREFUSED' ? 'TARGET_REFUSED' : 'TARGET_UNREACHABLE';
    throw new TargetUnreachableError(ours, `${address}:${port}: ${message}`);
  }
}
