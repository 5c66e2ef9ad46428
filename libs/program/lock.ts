import { closeSync, openSync, statSync, truncateSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { CodedError } from '#libs/contracts/errors.js';
import { giveToFolderOwner } from './folder-owner.js';
import { forgetProcess, recordedProcess, recordProcess } from './process-record.js';

/** The lock's file cannot be used. */
export class LockUnusableError extends CodedError {}

/** A lock that this process holds. */
export interface Lock {
  /** False once its file was removed or replaced: then another process can take the lock too. */
  isInPlace(): boolean;
  release(): void;
}

export type LockAttempt =
  | { readonly kind: 'taken'; readonly lock: Lock }
  /** `pid`: the process that holds it; null: unknown. */
  | { readonly kind: 'held'; readonly pid: number | null };

const SQLITE_BUSY = 5;
const SQLITE_NOTADB = 26;
/**
 * SQLite may refuse all of several processes that try at the same moment. With this patience, one of them gets the
 * lock.
 */
const PATIENCE_MS = 100;

/** Connections of the locks held. If one were garbage-collected, the kernel would release its lock. */
const taken = new Set<DatabaseSync>();

/**
 * Takes the lock `<name>.lock`, unless another process holds it. The kernel releases the lock when its process ends,
 * even by SIGKILL, so no stale lock is left behind. Child processes do not inherit it. `<name>.pid` says which process
 * holds it. Node has no call for such a lock (fcntl(2)), so SQLite, which is part of Node, takes one on the file of an
 * empty database. The file is never removed: another process may have just opened it and would then lock a file that
 * later processes do not see. Errors: LockUnusableError.
 */
export function takeLock(name: string): LockAttempt {
  const path = `${name}.lock`;
  createForOwnerAlone(path);
  const database = lockedDatabase(path);
  if (database === null) return { kind: 'held', pid: recordedProcess(name) };
  taken.add(database);
  try {
    recordProcess(name, process.pid);
  } catch {
    // On a full disk the lock still holds; others only cannot read which process holds it.
  }
  const file = identityOf(path);
  return {
    kind: 'taken',
    lock: {
      isInPlace: () => taken.has(database) && file !== null && identityOf(path) === file,
      release() {
        if (!taken.delete(database)) return;
        if (identityOf(path) === file) forgetProcess(name);
        database.close();
      },
    },
  };
}

/**
 * Another user who can read the file could lock it, so only the owner can. An existing file is never opened here:
 * closing it would release a lock that this process holds on it (fcntl(2)).
 */
function createForOwnerAlone(path: string): void {
  try {
    const fd = openSync(path, 'wx', 0o600);
    giveToFolderOwner(path, fd);
    closeSync(fd);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw unusable(path, error);
  }
}

/** null: another process has locked it. */
function lockedDatabase(path: string): DatabaseSync | null {
  const attempt = locked(path);
  if (attempt !== 'not a database') return attempt;
  // Something else was written into the file. Its content is not used, and a process that has locked it keeps the lock.
  truncateSync(path);
  const again = locked(path);
  if (again === 'not a database') throw unusable(path, again);
  return again;
}

function locked(path: string): DatabaseSync | 'not a database' | null {
  let database: DatabaseSync;
  try {
    database = new DatabaseSync(path, { timeout: PATIENCE_MS });
  } catch (error) {
    throw unusable(path, error);
  }
  try {
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return database;
  } catch (error) {
    database.close();
    const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : null;
    if (code === SQLITE_BUSY) return null;
    if (code === SQLITE_NOTADB) return 'not a database';
    throw unusable(path, error);
  }
}

function identityOf(path: string): string | null {
  const found = statSync(path, { throwIfNoEntry: false });
  return found === undefined ? null : `${found.dev}:${found.ino}`;
}

function unusable(path: string, error: unknown): LockUnusableError {
  const why = error instanceof Error ? error.message : String(error);
  const remedy = 'make its folder and the file itself writable for this user, or remove what is there under that name';
  return new LockUnusableError('LOCK_UNUSABLE', `${path} cannot be locked: ${why}`, remedy);
}
