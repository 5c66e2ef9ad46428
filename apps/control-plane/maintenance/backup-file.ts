import { createHash, type Hash } from 'node:crypto';
import {
  closeSync,
  createReadStream,
  fsyncSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import type { LogAnchor } from '#libs/audit/chain-walk.js';
import { writeErrorOf } from '#libs/contracts/disk-full.js';
import { CodedError, InvalidInputError } from '#libs/contracts/errors.js';
import { integerBetween, listOf, nullOr, parseObject, textUpTo } from '#libs/contracts/json-fields.js';

/**
 * A backup is one file of lines: a header, each table (name and columns, rows as COPY writes them, `\.`), and a last
 * line with the end of the log's hash chain and the hash of all lines before.
 */
export interface BackupHeader {
  readonly release: string;
  readonly madeAt: string;
  /** The database's migrations, in order. */
  readonly migrations: readonly string[];
  /** The keys folder: base64 by file name; null: not requested. */
  readonly keys: { readonly [file: string]: string } | null;
}

export interface BackupTable {
  readonly table: string;
  readonly columns: readonly string[];
}

/** The file is no backup, or is damaged. */
export class BackupDamagedError extends CodedError {
  constructor(file: string, reason: string) {
    super('BACKUP_DAMAGED', `${file} cannot be restored: ${reason}`, 'take another copy of it, or another backup');
  }
}

/** The file of a backup cannot be read or written. */
export class BackupFileError extends CodedError {}

const FORMAT = 'globalstacks-backup-1';
const BEGIN = `{"format":"${FORMAT}"`;
const END_OF_TABLE = '\\.';
const WRITE_BYTES = 1_024 * 1_024;
const position = integerBetween(0, Number.MAX_SAFE_INTEGER);
const name = textUpTo(128);

/** Writes a backup to a 0600 file beside the target, reads it back, and renames it when it is complete and on disk. */
export class BackupWriter {
  private readonly aside: string;
  private readonly hash: Hash = createHash('sha256');
  private readonly fd: number;
  private waiting: Buffer[] = [];
  private waitingBytes = 0;

  constructor(
    private readonly file: string,
    header: BackupHeader,
  ) {
    this.aside = `${file}.new`;
    refuseOther(file);
    this.fd = writing(file, () => openSync(this.aside, 'w', 0o600));
    this.add(JSON.stringify({ format: FORMAT, ...header }));
  }

  begin(table: BackupTable): void {
    this.add(JSON.stringify(table));
  }

  /** Includes the line end. The bytes are copied, so the caller may overwrite them afterwards. */
  row(line: Buffer): void {
    this.hash.update(line);
    this.waiting.push(Buffer.from(line));
    this.waitingBytes += line.length;
    if (this.waitingBytes >= WRITE_BYTES) this.flush();
  }

  endTable(): void {
    this.add(END_OF_TABLE);
  }

  /** Errors: BackupDamagedError, if what was written cannot be read back; BackupFileError, DiskFullError. */
  async end(head: LogAnchor): Promise<void> {
    this.flush();
    const last = `${JSON.stringify({ head, sha256: this.hash.digest('hex') })}\n`;
    writing(this.file, () => {
      writeAll(this.fd, Buffer.from(last));
      fsyncSync(this.fd);
    });
    await checkBackup(this.aside);
    closeSync(this.fd);
    writing(this.file, () => renameSync(this.aside, this.file));
  }

  abandon(): void {
    closeSync(this.fd);
    rmSync(this.aside, { force: true });
  }

  private add(line: string): void {
    this.row(Buffer.from(`${line}\n`));
  }

  private flush(): void {
    writing(this.file, () => writeAll(this.fd, Buffer.concat(this.waiting)));
    this.waiting = [];
    this.waitingBytes = 0;
  }
}

/** A backup takes the place of an earlier backup, and of nothing else. */
function refuseOther(file: string): void {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found === undefined || (found.isFile() && (found.size === 0 || beginsAsBackup(file)))) return;
  throw new BackupFileError(
    'BACKUP_FILE_TAKEN',
    `${file} exists and is ${found.isFile() ? 'not a backup' : 'not a file'}`,
    'name a file that does not exist, or an earlier backup, which is then replaced',
  );
}

function beginsAsBackup(file: string): boolean {
  const begin = Buffer.alloc(BEGIN.length);
  const fd = openSync(file, 'r');
  try {
    readSync(fd, begin);
  } finally {
    closeSync(fd);
  }
  return begin.toString() === BEGIN;
}

function writing<T>(file: string, write: () => T): T {
  try {
    return write();
  } catch (error) {
    const known = writeErrorOf(file, error);
    if (known instanceof CodedError) throw known;
    const remedy = 'name a file in a folder that exists and that this user can write to';
    throw new BackupFileError('BACKUP_UNWRITABLE', `${file} cannot be written: ${codeOf(error)}`, remedy);
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

function writeAll(fd: number, bytes: Buffer): void {
  for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written);
}

/** The result of a complete check of the file. */
export interface CheckedBackup {
  readonly header: BackupHeader;
  readonly head: LogAnchor;
}

/** Checks the whole file. Errors: BackupDamagedError, BackupFileError. */
export async function checkBackup(file: string): Promise<CheckedBackup> {
  const hash = createHash('sha256');
  let [first, last] = ['', ''];
  for await (const line of linesOf(file)) {
    if (first === '') first = line;
    if (last !== '') hash.update(`${last}\n`);
    last = line;
  }
  try {
    const end = parseObject(JSON.parse(last), 'the last line');
    if (end.sha256 !== hash.digest('hex')) throw new BackupDamagedError(file, 'its content does not match its hash');
    const head = parseObject(end.head, 'head');
    return {
      header: parseHeader(first),
      head: { position: position(head.position, 'position'), hash: name(head.hash, 'hash') },
    };
  } catch (error) {
    if (error instanceof CodedError && !(error instanceof InvalidInputError)) throw error;
    throw new BackupDamagedError(file, 'it is not a backup, or its end is missing');
  }
}

function parseHeader(line: string): BackupHeader {
  const fields = parseObject(JSON.parse(line), 'header');
  if (fields.format !== FORMAT) throw new TypeError('another format');
  const keys = nullOr(parseObject)(fields.keys, 'keys');
  return {
    release: name(fields.release, 'release'),
    madeAt: name(fields.madeAt, 'madeAt'),
    migrations: listOf(name, 1_000)(fields.migrations, 'migrations'),
    keys: keys === null ? null : Object.fromEntries(Object.entries(keys).map(([file, text]) => [file, String(text)])),
  };
}

/** Called with each table in turn, and with its rows in chunks of whole lines. */
export interface TableReader {
  begin(table: BackupTable): Promise<void>;
  rows(table: BackupTable, text: string): Promise<void>;
}

/** Reads the tables of a checked file. */
export async function readTables(file: string, reader: TableReader): Promise<void> {
  let table: BackupTable | null = null;
  let isHeader = true;
  let portion: string[] = [];
  let size = 0;
  const hand = async (of: BackupTable): Promise<void> => {
    if (portion.length > 0) await reader.rows(of, `${portion.join('\n')}\n`);
    portion = [];
    size = 0;
  };
  for await (const line of linesOf(file)) {
    if (isHeader) {
      isHeader = false;
    } else if (table === null) {
      const fields = parseObject(JSON.parse(line), 'table');
      if (fields.table === undefined) return;
      table = { table: name(fields.table, 'table'), columns: listOf(name, 1_000)(fields.columns, 'columns') };
      await reader.begin(table);
    } else if (line === END_OF_TABLE) {
      await hand(table);
      table = null;
    } else {
      portion.push(line);
      size += line.length;
      if (size >= WRITE_BYTES) await hand(table);
    }
  }
}

/** Lines end with only: rows may contain any other character, escaped or not. */
async function* linesOf(file: string): AsyncGenerator<string> {
  let rest = '';
  const text = createReadStream(file, { encoding: 'utf8', highWaterMark: WRITE_BYTES });
  try {
    for await (const chunk of text) {
      const lines = `${rest}${chunk}`.split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
  } catch (error) {
    if (text.errored === null) throw error;
    const remedy = 'name a backup that this user can read';
    throw new BackupFileError('BACKUP_UNREADABLE', `${file} cannot be read: ${codeOf(error)}`, remedy);
  }
  if (rest !== '') yield rest;
}
