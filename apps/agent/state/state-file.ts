import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { writeErrorOf } from '#libs/contracts/disk-full.js';
import { CodedError } from '#libs/contracts/errors.js';

/** A file of the agent's own that is not as it was written, or is of another version. */
export class StateFileInvalidError extends CodedError {}

/** Of a state file: the checksum of what is in it, and how much that is. */
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
 * Writes a value so that a reader, after a crash at any moment, finds the old value or the new one whole: written
 * aside, synced, renamed, and the folder synced. The first line holds the format and the checksum of the second.
 * Resolves with what was written. Errors: DiskFullError, or the system's.
 */
export async function writeStateFile(path: string, value: unknown, mode = 0o600): Promise<StateContent> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    return await writeSynced(path, value, mode);
  } catch (error) {
    throw writeErrorOf(path, error);
  }
}

async function writeSynced(path: string, value: unknown, mode: number): Promise<StateContent> {
  const body = JSON.stringify(value);
  const content = contentOf(body);
  const aside = `${path}.new`;
  const file = await open(aside, 'w', mode);
  try {
    await file.writeFile(`${JSON.stringify({ format: FORMAT, sha256: content.checksum })}\n${body}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(aside, path);
  await syncFolder(dirname(path));
  return content;
}

/** What is in the folder, and under which names, is on disk when it resolves. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Whether a file could not be read because there is none. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

/** The value as written; null when there is no file. Throws StateFileInvalidError for anything else. */
export async function readStateFile(path: string): Promise<unknown> {
  return (await readStateContent(path))?.value ?? null;
}

/** As readStateFile, with what tells one content of the file from others. */
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
    throw new StateFileInvalidError('STATE_FILE_INVALID', `${path} is not as it was written, or of another format`);
  }
  return { ...content, value: JSON.parse(body) };
}

function contentOf(body: string): StateContent {
  return { checksum: sha256(body), bytes: Buffer.byteLength(body) };
}

/** Takes an unusable file out of the way, where it can be looked at; resolves with its new path. */
export async function moveAside(path: string, now: Date): Promise<string> {
  const aside = `${path}.corrupt-${now.toISOString().replaceAll(':', '-')}`;
  await rename(path, aside);
  return aside;
}
