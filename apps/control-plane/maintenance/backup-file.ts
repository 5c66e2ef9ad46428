import { createHash, type Hash } from 'node:crypto';
import { closeSync, createReadStream, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import type { LogAnchor } from '#libs/audit/chain-walk.js';
import { CodedError } from '#libs/contracts/errors.js';
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

const FORMAT = 'globalstacks-backup-1';
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
    this.fd = openSync(this.aside, 'w', 0o600);
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

  /** Errors: BackupDamagedError, if what was written cannot be read back; or the system's. */
  async end(head: LogAnchor): Promise<void> {
    this.flush();
    const last = `${JSON.stringify({ head, sha256: this.hash.digest('hex') })}\n`;
    writeAll(this.fd, Buffer.from(last));
    fsyncSync(this.fd);
    await checkBackup(this.aside);
    closeSync(this.fd);
    renameSync(this.aside, this.file);
  }

  abandon(): void {
    closeSync(this.fd);
    rmSync(this.aside, { force: true });
  }

  private add(line: string): void {
    this.row(Buffer.from(`${line}\n`));
  }

  private flush(): void {
    writeAll(this.fd, Buffer.concat(this.waiting));
    this.waiting = [];
    this.waitingBytes = 0;
  }
}

function writeAll(fd: number, bytes: Buffer): void {
  for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written);
}

/** The result of a complete check of the file. */
export interface CheckedBackup {
  readonly header: BackupHeader;
  readonly head: LogAnchor;
}

/** Checks the whole file. Error: BackupDamagedError, or the system's. */
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
    if (end.sha256 !== hash.digest('hex')) throw new BackupDamagedError(file, 'its lines are not those it was made of');
    const head = parseObject(end.head, 'head');
    return {
      header: parseHeader(first),
      head: { position: position(head.position, 'position'), hash: name(head.hash, 'hash') },
    };
  } catch (error) {
    if (error instanceof BackupDamagedError) throw error;
    throw new BackupDamagedError(file, 'it is no backup, or its end is missing');
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
  for await (const chunk of createReadStream(file, { encoding: 'utf8', highWaterMark: WRITE_BYTES })) {
    const lines = `${rest}${chunk}`.split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}
