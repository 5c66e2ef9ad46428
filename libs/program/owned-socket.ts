import { chmodSync, lstatSync, rmSync } from 'node:fs';
import type { Server } from 'node:net';
import { CodedError } from '#libs/contracts/errors.js';
import type { Lock } from './lock.js';

/** There is a file that is no socket at the socket's path. */
export class NotASocketError extends CodedError {}

export interface OwnedSocket {
  /** Stops accepting connections, and removes the socket unless another process owns the path by now. */
  close(): void;
}

const OWNER_ONLY = 0o600;

/**
 * Listens on a unix socket that only its user may open. Since `lock` guards the path, an existing socket was left by a
 * process that has ended, and is removed. Errors: NotASocketError, and those of listening.
 */
export async function listenAsOwner(server: Server, path: string, lock: Lock): Promise<OwnedSocket> {
  removeSocket(path);
  const listening = new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.once('listening', resolve);
  });
  const unmasked = process.umask(0o777 & ~OWNER_ONLY);
  try {
    // listen() binds synchronously, so the mask is still in force.
    server.listen(path);
  } finally {
    process.umask(unmasked);
  }
  await listening;
  chmodSync(path, OWNER_ONLY);
  return {
    close() {
      // close() removes whatever is at the path.
      if (lock.isInPlace()) server.close();
      else server.unref();
    },
  };
}

function removeSocket(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw new NotASocketError('NOT_A_SOCKET', `${path} is not a socket`, 'remove what is there, or name another path');
  }
  rmSync(path, { force: true });
}
