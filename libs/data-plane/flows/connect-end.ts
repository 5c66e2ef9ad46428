import { connect, type TcpNetConnectOpts } from 'node:net';
import { SocketEnd } from './flow-end.js';
import { keepAlive } from './keepalive.js';

/** The connection attempt was aborted. */
export class GivenUpError extends Error {}

type Place = Pick<
  TcpNetConnectOpts,
  'host' | 'port' | 'localAddress' | 'lookup' | 'autoSelectFamily' | 'autoSelectFamilyAttemptTimeout'
>;

/**
 * Connects with half-close, no delay, keepalive, and reading paused. Rejects with the socket's error, or with
 * GivenUpError if aborted.
 */
export function connectEnd(place: Place, signal: AbortSignal): Promise<SocketEnd> {
  return new Promise((resolve, reject) => {
    const end = new SocketEnd((onread) => connect({ ...place, allowHalfOpen: true, noDelay: true, onread }));
    const { stream: socket } = end;
    const settle = () => {
      signal.removeEventListener('abort', abort);
      socket.off('connect', connected);
      socket.off('error', failed);
    };
    const connected = () => {
      settle();
      keepAlive(socket);
      resolve(end);
    };
    const failed = (error: Error) => {
      settle();
      reject(error);
    };
    const abort = () => {
      settle();
      end.reset();
      reject(new GivenUpError('given up'));
    };
    socket.once('connect', connected);
    socket.once('error', failed);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
  });
}
