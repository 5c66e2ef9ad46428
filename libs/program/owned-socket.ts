import { chmodSync, lstatSync, rmSync } from 'node:fs';
import type { Server } from 'node:net';
import { CodedError } from '#libs/contracts/errors.js';
import type { Lock } from './lock.js';

/** Something that is no socket has the path of one. */
export class NotASocketError extends CodedError {}

export interface OwnedSocket {
  /** Takes no more connections, and removes the socket unless another process owns the path by now. */
  close(): void;
}

const OWNER_ONLY = 0o600;

/**
 * Listens on a unix socket that its user alone may open. `lock` is the right to the path, so a socket that is there was
 * left by a process that is gone, and is removed. Errors: NotASocketError, and those of listening.
 */
export async function listenAsOwner(server: Server, path: string, lock: Lock): Promise<OwnedSocket> {
  removeSocket(path);
  const listening = new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.once('listening', resolve);
  });
  const unmasked = process.umask(0o777 & ~OWNER_ONLY);
  try {
    // Binds at once, and so before the mask is taken back.
    server.listen(path);
  } finally {
    process.umask(unmasked);
  }
  await listening;
  chmodSync(path, OWNER_ONLY);
  return {
    close() {
      // By closing, Node removes whatever has the path.
      if (lock.isInPlace()) server.close();
      else server.unref();
    },
  };
}

function removeSocket(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw new NotASocketError('NOT_A_SOCKET', `${path} is no socket`, 'remove what is there, or name another path');
  }
  rmSync(path, { force: true });
}
