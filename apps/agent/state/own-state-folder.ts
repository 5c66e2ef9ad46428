import { join } from 'node:path';
import { CodedError } from '#libs/contracts/errors.js';
import { makeFolder } from '#libs/program/folder-owner.js';
import { type Lock, takeLock } from '#libs/program/lock.js';

/** The state folder cannot be made. */
class StateFolderUnusableError extends CodedError {}

/** Another agent uses this state folder. */
export class StateFolderInUseError extends CodedError {}

/** Makes the agent's state folder where there is none. Error: StateFolderUnusableError. */
export function makeStateFolder(folder: string): void {
  try {
    makeFolder(folder);
  } catch (error) {
    throw new StateFolderUnusableError(
      'STATE_FOLDER_UNUSABLE',
      `${folder} cannot be made: ${(error as NodeJS.ErrnoException).code}`,
      'name a folder on a disk that this user can write to in GLOBALSTACKS_AGENT_STATE_DIR',
    );
  }
}

/**
 * Locks the agent's state folder, so that two agents do not overwrite each other's files. Errors:
 * StateFolderInUseError, LockUnusableError.
 */
export function ownStateFolder(folder: string): Lock {
  const attempt = takeLock(join(folder, 'agent'));
  if (attempt.kind === 'taken') return attempt.lock;
  const owner = attempt.pid === null ? 'an agent that runs' : `an agent that runs (pid ${attempt.pid})`;
  throw new StateFolderInUseError(
    'STATE_FOLDER_IN_USE',
    `${folder} is used by ${owner}`,
    'stop that agent first (systemctl stop globalstacks-agent), or name another folder in GLOBALSTACKS_AGENT_STATE_DIR',
  );
}
