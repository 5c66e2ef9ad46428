import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { writeErrorOf } from '#libs/contracts/disk-full.js';
import { CodedError } from '#libs/contracts/errors.js';

/** A file of the agent's own that is not as it was written, or is of another version. */
export class StateFileInvalidError extends CodedError {}

const FORMAT = 1;

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/**
 * Writes a value so that a reader, after a crash at any moment, finds the old value or the new one whole: written
 * aside, synced, renamed, and the folder synced. The first line holds the format and the checksum of the second.
 * Errors: DiskFullError, or the system's.
 */
export async function writeStateFile(path: string, value: unknown, mode = 0o600): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeSynced(path, value, mode);
  } catch (error) {
    throw writeErrorOf(path, error);
  }
}

async function writeSynced(path: string, value: unknown, mode: number): Promise<void> {
  const body = JSON.stringify(value);
  const aside = `${path}.new`;
  const file = await open(aside, 'w', mode);
  try {
    await file.writeFile(`${JSON.stringify({ format: FORMAT, sha256: sha256(body) })}\n${body}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(aside, path);
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** The value as written; null when there is no file. Throws StateFileInvalidError for anything else. */
export async function readStateFile(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
  const [header = '', body = ''] = text.split('\n');
  if (header !== JSON.stringify({ format: FORMAT, sha256: sha256(body) })) {
    throw new StateFileInvalidError('STATE_FILE_INVALID', `${path} is not as it was written, or of another format`);
  }
  return JSON.parse(body);
}

/** Takes an unusable file out of the way, where it can be looked at; resolves with its new path. */
export async function moveAside(path: string, now: Date): Promise<string> {
  const aside = `${path}.corrupt-${now.toISOString().replaceAll(':', '-')}`;
  await rename(path, aside);
  return aside;
}
