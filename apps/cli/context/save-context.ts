import { chmod, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DiskFullError, writeErrorOf } from '#libs/contracts/disk-full.js';
import { makeFolders } from '#libs/program/folder-owner.js';
import { ContextError } from '../errors/errors.js';
import type { SavedContexts } from './saved-contexts.js';

/** Saves contexts in a file that only its owner can read, which is replaced atomically. */
export async function saveContexts(contexts: SavedContexts, path: string): Promise<void> {
  const fresh = `${path}.${process.pid}.new`;
  try {
    makeFolders(dirname(path), 0o700);
    await writeFile(fresh, `${JSON.stringify(contexts, null, 2)}\n`, { mode: 0o600, flag: 'w' });
    await chmod(fresh, 0o600);
    await rename(fresh, path);
  } catch (error) {
    await rm(fresh, { force: true });
    const reason = (error as NodeJS.ErrnoException).code ?? String(error);
    const isFull = writeErrorOf(path, error) instanceof DiskFullError;
    throw new ContextError(
      'NOT_SAVED',
      `${path} cannot be written (${reason})`,
      `${isFull ? `free space on the disk of ${dirname(path)}` : `make ${dirname(path)} writable`}, then run this command again`,
    );
  }
}
