import {
  closeSync,
  constants,
  existsSync,
  fchownSync,
  fsyncSync,
  mkdirSync,
  openSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

/**
 * Gives an open file that root has made, and not found, to the owner of the folder it is in: a program that runs as
 * that user reads it later, and could not if it stayed root's. Files that other users make are theirs already.
 */
export function giveToFolderOwner(path: string, fd: number): void {
  const owner = strangerOwning(dirname(path));
  if (owner !== null) fchownSync(fd, owner.uid, owner.gid);
}

/**
 * Writes a file to disk, mode 0600, for the owner of the folder it is in. It is always a new file: the owner could have
 * put a link there, through which root would write into a file elsewhere and give it away. Errors: the system's.
 */
export function writeForFolderOwner(path: string, content: string | Buffer): void {
  rmSync(path, { force: true });
  const fd = openSync(path, 'wx', 0o600);
  try {
    giveToFolderOwner(path, fd);
    writeFileSync(fd, content);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/**
 * Makes a folder and those above it, mode 0700; new ones belong to the owner of the folder that they are made in. That
 * owner may replace a new folder by a link at any moment, so each is opened within the one before it, never by its
 * whole path, and given away by its descriptor. Errors: the system's.
 */
export function makeFolder(folder: string): void {
  const { present, missing } = missingIn(folder);
  if (missing.length === 0) return;
  const owner = strangerOwning(present);
  if (owner === null) {
    makeFolders(folder, 0o700);
    return;
  }
  let parent = openSync(present, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    for (const name of missing) {
      // As mkdirat(2) and openat(2), which Node does not have.
      const path = `/proc/self/fd/${parent}/${name}`;
      mkdirSync(path, { mode: 0o700 });
      const made = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
      closeSync(parent);
      parent = made;
      fchownSync(made, owner.uid, owner.gid);
    }
  } finally {
    closeSync(parent);
  }
}

/**
 * Makes a folder and those above it. Node's own `recursive` never ends where no folder can be made, as in /proc,
 * because the kernel says there that the folder above is missing. Errors: the system's.
 */
export function makeFolders(folder: string, mode: number): void {
  const { present, missing } = missingIn(folder);
  let path = present;
  for (const name of missing) {
    path = join(path, name);
    try {
      mkdirSync(path, { mode });
    } catch (error) {
      // Another process made it first.
      if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw error;
    }
  }
}

/** The deepest folder of this path that exists, and the names of those below it that do not. */
function missingIn(folder: string): { readonly present: string; readonly missing: readonly string[] } {
  const missing: string[] = [];
  let present = resolve(folder);
  for (; !existsSync(present); present = dirname(present)) missing.unshift(basename(present));
  return { present, missing };
}

/** The owner of a folder, if this process is root and the folder is another user's; else null. */
function strangerOwning(folder: string): { readonly uid: number; readonly gid: number } | null {
  if (process.getuid?.() !== 0) return null;
  const { uid, gid } = statSync(folder);
  return uid === 0 ? null : { uid, gid };
}
