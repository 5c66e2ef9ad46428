import { createHash } from 'node:crypto';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { writeErrorOf } from '#libs/contracts/disk-full.js';
import { CodedError } from '#libs/contracts/errors.js';
import { giveToFolderOwner, makeFolder } from '#libs/program/folder-owner.js';

/** A file of the agent is damaged or of another version. */
export class StateFileInvalidError extends CodedError {}

/** Checksum and size of a state file's content. */
export interface StateContent {
  readonly checksum: string;
  readonly bytes: number;
}

const FORMAT = 1;

/** 64 hexadecimal digits. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/**
 * Writes a value atomically: after a crash at any moment a reader finds the old or the new value. The file is written
 * under another name, synced, renamed, and its folder synced. The first line has the format and the checksum of the
 * second. Resolves with the content's checksum and size. Errors: DiskFullError, or the system's.
 */
export async function writeStateFile(path: string, value: unknown, mode = 0o600): Promise<StateContent> {
  try {
    makeFolder(dirname(path));
    return await writeSynced(path, value, mode);
  } catch (error) {
    throw writeErrorOf(path, error);
  }
}

async function writeSynced(path: string, value: unknown, mode: number): Promise<StateContent> {
  const body = JSON.stringify(value);
  const content = contentOf(body);
  const aside = `${path}.new`;
  // A new file: see writeForFolderOwner.
  await rm(aside, { force: true });
  const file = await open(aside, 'wx', mode);
  try {
    giveToFolderOwner(path, file.fd);
    await file.writeFile(`${JSON.stringify({ format: FORMAT, sha256: content.checksum })}\n${body}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(aside, path);
  await syncFolder(dirname(path));
  return content;
}

/** When it resolves, the folder's entries are on disk. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Whether reading failed because the file does not exist. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

/** The value as written; null if there is no file. Throws StateFileInvalidError if it is damaged. */
export async function readStateFile(path: string): Promise<unknown> {
  return (await readStateContent(path))?.value ?? null;
}

/** As readStateFile, with the content's checksum and size. */
export async function readStateContent(path: string): Promise<(StateContent & { readonly value: unknown }) | null> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
  const [header = '', body = ''] = text.split('\n');
  const content = contentOf(body);
  if (header !== JSON.stringify({ format: FORMAT, sha256: content.checksum })) {
    throw new StateFileInvalidError(
      'STATE_FILE_INVALID',
      `${path} is damaged (it does not match its checksum), or has another format`,
    );
  }
  return { ...content, value: JSON.parse(body) };
}

function contentOf(body: string): StateContent {
  return { checksum: sha256(body), bytes: Buffer.byteLength(body) };
}

/** Renames an unusable file, so that it can be examined; resolves with its new path. */
export async function moveAside(path: string, now: Date): Promise<string> {
  const aside = `${path}.corrupt-${now.toISOString().replaceAll(':', '-')}`;
  await rename(path, aside);
  return aside;
}
