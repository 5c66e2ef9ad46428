import { BlockList, connect, isIP } from 'node:net';
import { CodedError } from '#libs/contracts/errors.js';
import type { FlowCode } from './flow-code.js';
import { SocketEnd } from './flow-end.js';

/** A sandbox of this host could not be connected to. */
export class TargetUnreachableError extends CodedError {
  constructor(
    override readonly code: FlowCode,
    message: string,
  ) {
    super(code, message);
  }
}

/** Dials a sandbox of this host; rejects with TargetUnreachableError, also when aborted. */
export type Dial = (address: string, port: number, signal: AbortSignal) => Promise<SocketEnd>;

/** RFC 6890: this network, link-local, multicast and reserved; a sandbox is at none of them. */
const NEVER_A_SANDBOX = ['0.0.0.0/8', '169.254.0.0/16', '224.0.0.0/3', '::/128', 'fe80::/10', 'ff00::/8'];

/**
 * A dialler that refuses the ranges no sandbox is at and those given (CIDR). It connects with half-close, without
 * delay, and reading paused.
 */
export function createDial(forbiddenRanges: readonly string[]): Dial {
  const forbidden = new BlockList();
  for (const range of [...NEVER_A_SANDBOX, ...forbiddenRanges]) {
    const [network = '', prefix] = range.split('/');
    const family = isIP(network) === 6 ? 'ipv6' : 'ipv4';
    forbidden.addSubnet(network, prefix === undefined ? (family === 'ipv6' ? 128 : 32) : Number(prefix), family);
  }
  return (address, port, signal) => {
    const version = isIP(address);
    if (version === 0 || forbidden.check(address, version === 6 ? 'ipv6' : 'ipv4')) {
      return Promise.reject(new TargetUnreachableError('TARGET_FORBIDDEN', `${address} is never dialled`));
    }
    return connectTo(address, port, signal);
  };
}

function connectTo(address: string, port: number, signal: AbortSignal): Promise<SocketEnd> {
  return new Promise((resolve, reject) => {
    const end = new SocketEnd((onread) =>
      connect({ host: address, port, allowHalfOpen: true, noDelay: true, autoSelectFamily: false, onread }),
    );
    const { stream: socket } = end;
    const settle = () => {
      signal.removeEventListener('abort', abort);
      socket.off('connect', connected);
      socket.off('error', failed);
    };
    const connected = () => {
      settle();
      resolve(end);
    };
    const failed = (error: Error) => {
      settle();
      const refused = 'code' in error && error.code === 'ECONNREFUSED';
      reject(
        new TargetUnreachableError(
          refused ? 'TARGET_REFUSED' : 'TARGET_UNREACHABLE',
          `${address}:${port}: ${error.message}`,
        ),
      );
    };
    const abort = () => {
      settle();
      end.reset();
      reject(new TargetUnreachableError('TARGET_UNREACHABLE', `${address}:${port}: given up`));
    };
    socket.once('connect', connected);
    socket.once('error', failed);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
  });
}
