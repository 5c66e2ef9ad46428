import { appendEntry, emptyJournal, type JournalEnd, readJournal } from './journal-file.js';
import { isMissing, moveAside, readStateContent, writeStateFile } from './state-file.js';

export const STATE_SUFFIX = '.json';
const JOURNAL_SUFFIX = '.journal';

/** The file is rewritten when its journal is as long as it, and at least this long. */
const LEAST_JOURNAL_BYTES = 64 * 1_024;

/** The size of the state file, and the end of its journal. */
interface Written {
  readonly fileBytes: number;
  readonly end: JournalEnd;
}

/**
 * A state file with a journal of the changes since it was written, so that a change writes only itself to disk. `path`
 * ends in STATE_SUFFIX.
 */
export class JournaledFile {
  private written: Written | null = null;
  private readonly journal: string;

  constructor(private readonly path: string) {
    this.journal = `${path.slice(0, -STATE_SUFFIX.length)}${JOURNAL_SUFFIX}`;
  }

  /**
   * Appends `change`, which is relative to what was saved or loaded last, to the journal. Writes `whole` instead when
   * nothing was saved or loaded yet, or when the journal is full. On disk when it resolves. Errors: DiskFullError, or
   * the system's; the next call then writes `whole`, since the failed one may have left part of an entry.
   */
  async save(whole: () => unknown, change: () => unknown): Promise<void> {
    const { written } = this;
    this.written = null;
    const isRoom = written !== null && written.end.bytes < Math.max(written.fileBytes, LEAST_JOURNAL_BYTES);
    this.written = isRoom
      ? { ...written, end: await appendEntry(this.journal, written.end, change()) }
      : await this.write(whole());
  }

  private async write(value: unknown): Promise<Written> {
    const { bytes, checksum } = await writeStateFile(this.path, value);
    return { fileBytes: bytes, end: emptyJournal(checksum) };
  }

  /** The value last saved whole, and the changes since; null: there is no file. Throws StateFileInvalidError. */
  async load(): Promise<{ readonly value: unknown; readonly changes: readonly unknown[] } | null> {
    const file = await readStateContent(this.path);
    if (file === null) return null;
    const { entries, end } = await readJournal(this.journal, file.checksum);
    this.written = { fileBytes: file.bytes, end };
    return { value: file.value, changes: entries };
  }

  /** Renames the unusable file and its journal so that they can be inspected. Resolves with the file's new path. */
  async moveAside(now: Date): Promise<string> {
    this.written = null;
    await moveAside(this.journal, now).catch((error: unknown) => {
      if (!isMissing(error)) throw error;
    });
    return moveAside(this.path, now);
  }
}
