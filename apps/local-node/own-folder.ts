import { connect } from 'node:net';
import { join } from 'node:path';
import { rest } from '#libs/async/rest.js';
import { CodedError } from '#libs/contracts/errors.js';
import { type Lock, takeLock } from '#libs/program/lock.js';

/** An earlier node of this folder neither answers nor ends. */
export class NodeFolderInUseError extends CodedError {}

/** Longer than a node takes to leave its networks and end. */
const EARLIER_ENDS_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 50;

/**
 * Locks the node's folder, so that two nodes never use it at once. Waits for an earlier node that is ending; null if
 * another one serves it: of several nodes started by `gstacks mesh join` at the same moment, one continues. Errors:
 * NodeFolderInUseError, LockUnusableError, the signal's reason.
 */
export async function ownNodeFolder(folder: string, socket: string, signal: AbortSignal): Promise<Lock | null> {
  const deadline = performance.now() + EARLIER_ENDS_WITHIN_MS;
  for (;;) {
    const attempt = takeLock(join(folder, 'node'));
    if (attempt.kind === 'taken') return attempt.lock;
    if (await isListenedOn(socket)) return null;
    if (performance.now() > deadline) {
      const owner = attempt.pid === null ? 'another node' : `another node (pid ${attempt.pid})`;
      const remedy = 'stop that process, then try again: gstacks mesh join <network>';
      throw new NodeFolderInUseError('NODE_FOLDER_IN_USE', `${folder} is used by ${owner}`, remedy);
    }
    await rest(LOOK_EVERY_MS, signal);
    signal.throwIfAborted();
  }
}

function isListenedOn(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const attempt = connect(socket, () => {
      attempt.destroy();
      resolve(true);
    });
    attempt.once('error', () => resolve(false));
  });
}
