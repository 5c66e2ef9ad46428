import { join } from 'node:path';
import { CodedError } from '#libs/contracts/errors.js';
import { type Lock, takeLock } from '#libs/program/lock.js';

/** Another agent uses this state folder. */
export class StateFolderInUseError extends CodedError {}

/**
 * Locks the agent's state folder, so that two agents do not overwrite each other's files. Errors:
 * StateFolderInUseError, LockUnusableError.
 */
export function ownStateFolder(folder: string): Lock {
  const attempt = takeLock(join(folder, 'agent'));
  if (attempt.kind === 'taken') return attempt.lock;
  const owner = attempt.pid === null ? 'another agent' : `another agent (pid ${attempt.pid})`;
  throw new StateFolderInUseError(
    'STATE_FOLDER_IN_USE',
    `${folder} is used by ${owner}`,
    'end that agent, or give this one a folder of its own in GLOBALSTACKS_AGENT_STATE_DIR',
  );
}
