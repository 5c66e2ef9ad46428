import { closeSync, openSync, statSync, truncateSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { CodedError } from '#libs/contracts/errors.js';
import { forgetProcess, recordedProcess, recordProcess } from './process-record.js';

/** The file of a lock cannot be used. */
export class LockUnusableError extends CodedError {}

/** The right of this process to what the lock stands for. */
export interface Lock {
  /** False once its file is removed or replaced: then another process can take the lock as well. */
  isInPlace(): boolean;
  release(): void;
}

export type LockAttempt =
  | { readonly kind: 'taken'; readonly lock: Lock }
  /** `pid`: who has it; null when that is not known. */
  | { readonly kind: 'held'; readonly pid: number | null };

const SQLITE_BUSY = 5;
const SQLITE_NOTADB = 26;
/** Of several that try at the same moment SQLite may refuse all; with some patience one of them gets it. */
const PATIENCE_MS = 100;

/** Keeps the connections of locks that are held: when one is collected as garbage, the kernel lets go of its lock. */
const taken = new Set<DatabaseSync>();

/**
 * Takes the lock `<name>.lock`, unless another process has it. The kernel frees the lock when the process that holds it
 * ends, even by SIGKILL, so a lock is never left behind. Child processes do not inherit it. `<name>.pid` tells which
 * process holds it.
 *
 * Node has no call for such a lock (fcntl(2)). SQLite, which is part of Node, takes one on the file of an empty
 * database. The file is never removed: another process may have opened it a moment before, and would then lock a file
 * that the next process does not see.
 *
 * Errors: LockUnusableError.
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
    // On a full disk the lock holds as well; others are only not told the number of the process that has it.
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
 * Another user who may read the file could lock it. The file is never opened here once it exists: by closing it this
 * process would let go of a lock that it has (fcntl(2)).
 */
function createForOwnerAlone(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw unusable(path, error);
  }
}

/** null: another process has locked it. */
function lockedDatabase(path: string): DatabaseSync | null {
  const attempt = locked(path);
  if (attempt !== 'not a database') return attempt;
  // Something else was written into it. What it holds means nothing, and whoever has locked it keeps the lock.
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
