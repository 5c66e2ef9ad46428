import { closeSync, constants, openSync, write } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { writeErrorOf } from '#libs/contracts/disk-full.js';
import { isMissing, StateFileInvalidError, sha256, syncFolder } from './state-file.js';

/** Where the next entry of a journal goes, and the checksum that it continues. */
export interface JournalEnd {
  readonly bytes: number;
  /** Checksum of the content of the journal's state file. */
  readonly of: string;
  /** Checksum of the last entry. */
  readonly checksum: string;
}

/** The end of a journal without entries, for a state file whose content has this checksum. */
export function emptyJournal(of: string): JournalEnd {
  return { bytes: 0, of, checksum: of };
}

const MODE = 0o600;

const writeSome = promisify(write);

/** A write is on disk when it returns: no sync has to follow. */
const SYNCED = constants.O_WRONLY | constants.O_DSYNC;
const NEW = SYNCED | constants.O_CREAT | constants.O_TRUNC;

/**
 * Appends an entry after `end`, in place of what a crash left there; it is on disk when this resolves with the new end.
 * A line consists of its checksum (which also covers the line before), the checksum of its state file, and the entry.
 * Errors: DiskFullError, or the system's; then the journal's content is undefined.
 */
export async function appendEntry(path: string, end: JournalEnd, entry: unknown): Promise<JournalEnd> {
  const body = JSON.stringify(entry);
  const checksum = checksumOf(end, body);
  const line = Buffer.from(`${checksum} ${end.of} ${body}\n`);
  const isNew = end.bytes === 0;
  try {
    // An acknowledgement waits for this entry, so that only the write waits for its turns of a busy event loop.
    const file = openSync(path, isNew ? NEW : SYNCED, MODE);
    try {
      await writeAll(file, line, end.bytes);
    } finally {
      closeSync(file);
    }
    if (isNew) await syncFolder(dirname(path));
  } catch (error) {
    throw writeErrorOf(path, error);
  }
  return { ...end, bytes: end.bytes + line.length, checksum };
}

/** A write to a disk that fills up meanwhile writes a part, and the next one says that there is no room. */
async function writeAll(file: number, bytes: Buffer, at: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += (await writeSome(file, bytes, done, bytes.length - done, at + done)).bytesWritten;
  }
}

export interface Journal {
  readonly entries: readonly unknown[];
  readonly end: JournalEnd;
}

/**
 * The entries since the state file with this content was written; none if the journal is missing or belongs to an
 * earlier content. An incomplete last line, left by a crash, was never acknowledged and is ignored: further entries are
 * written over it. Throws StateFileInvalidError for any other damage.
 */
export async function readJournal(path: string, of: string): Promise<Journal> {
  const text = await readFile(path).catch((error: unknown) => {
    if (isMissing(error)) return Buffer.alloc(0);
    throw error;
  });
  const entries: unknown[] = [];
  let end = emptyJournal(of);
  for (;;) {
    const newline = text.indexOf('\n', end.bytes);
    if (newline < 0) return { entries, end };
    const [checksum = '', lineOf = '', body = ''] = partsOf(text.toString('utf8', end.bytes, newline));
    const before = end.bytes === 0 ? emptyJournal(lineOf) : end;
    if (checksum !== checksumOf(before, body)) {
      throw new StateFileInvalidError('STATE_FILE_INVALID', `${path} is damaged: it does not match its checksum`);
    }
    if (lineOf !== of) return { entries: [], end: emptyJournal(of) };
    entries.push(JSON.parse(body));
    end = { of, bytes: newline + 1, checksum };
  }
}

/** The first two words and the rest. */
function partsOf(line: string): readonly string[] {
  const first = line.indexOf(' ');
  const second = line.indexOf(' ', first + 1);
  return [line.slice(0, first), line.slice(first + 1, second), line.slice(second + 1)];
}

function checksumOf({ of, checksum }: JournalEnd, body: string): string {
  return sha256(`${checksum} ${of} ${body}`);
}
