import {
  closeSync,
  fchownSync,
  fsyncSync,
  lchownSync,
  mkdirSync,
  openSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';

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

/** Makes a folder and those above it, mode 0700; new ones belong to the owner of the folder that they are made in. */
export function makeFolder(folder: string): void {
  const first = mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  const owner = strangerOwning(dirname(first));
  if (owner === null) return;
  for (let made = folder; made.length >= first.length; made = dirname(made)) lchownSync(made, owner.uid, owner.gid);
}

/** The owner of a folder, if this process is root and the folder is another user's; else null. */
function strangerOwning(folder: string): { readonly uid: number; readonly gid: number } | null {
  if (process.getuid?.() !== 0) return null;
  const { uid, gid } = statSync(folder);
  return uid === 0 ? null : { uid, gid };
}
