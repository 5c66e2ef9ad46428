import { closeSync, fstatSync, ftruncateSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';

/** How much of a process's log is kept. */
export interface LogBounds {
  /** Size of one file; a longer line gets a file of its own. */
  readonly maxBytes: number;
  /** Number of files, including the current one; at least 1. */
  readonly files: number;
}

/**
 * A log of whole lines in files of limited size: `path`, before it `path.1`, then `path.2` and so on. Never throws:
 * while the file cannot be written, for instance on a full disk, lines are dropped and counted, and a line reports
 * their number once that is possible. Lines are written at once, so none is lost or split between two files.
 */
export class LogFile {
  private file: number | null = null;
  private bytes = 0;
  private dropped = 0;

  /** `changed` is called when lines begin to be dropped, and when they are written again. */
  constructor(
    private readonly path: string,
    private readonly bounds: LogBounds,
    private readonly changed: (what: string) => void,
    /** Formats a line of the log about the log itself. */
    private readonly note: (message: string) => string,
  ) {
    try {
      this.open();
    } catch {
      // The first line tries again, and reports a failure.
    }
  }

  write(line: string): void {
    try {
      if (this.dropped > 0) this.append(this.note(`${this.dropped} lines were dropped: the log could not be written`));
      this.append(line);
    } catch (error) {
      this.dropped += 1;
      if (this.dropped > 1) return;
      const reason = error instanceof Error ? error.message : String(error);
      this.changed(`${this.path} cannot be written, its lines are dropped until it can be: ${reason}`);
      return;
    }
    if (this.dropped === 0) return;
    this.changed(`${this.path} is written again, ${this.dropped} lines were dropped`);
    this.dropped = 0;
  }

  close(): void {
    if (this.file !== null) closeSync(this.file);
    this.file = null;
  }

  private append(line: string): void {
    const text = Buffer.from(`${line}\n`, 'utf8');
    let file = this.file ?? this.open();
    if (this.bytes > 0 && this.bytes + text.length > this.bounds.maxBytes) {
      this.close();
      this.makeRoom();
      file = this.open();
    }
    let written = 0;
    try {
      while (written < text.length) written += writeSync(file, text, written);
    } catch (error) {
      // A line that did not fit is removed completely.
      if (written > 0) ftruncateSync(file, this.bytes);
      throw error;
    }
    this.bytes += text.length;
  }

  private open(): number {
    const file = openSync(this.path, 'a', 0o600);
    this.file = file;
    this.bytes = fstatSync(file).size;
    return file;
  }

  /** Removes the oldest file and renumbers the others. */
  private makeRoom(): void {
    const { path } = this;
    const names = [path, ...Array.from({ length: this.bounds.files - 1 }, (_, index) => `${path}.${index + 1}`)];
    const oldest = names.pop();
    if (oldest !== undefined) rmSync(oldest, { force: true });
    for (const [index, name] of [...names.entries()].reverse()) {
      try {
        renameSync(name, `${path}.${index + 1}`);
      } catch (error) {
        // There are fewer files so far.
        if (!(error instanceof Error) || !('code' in error) || error.code !== 'ENOENT') throw error;
      }
    }
  }
}
