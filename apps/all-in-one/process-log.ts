import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { type LastWords, PrintedEnd } from './last-words.js';
import { type LogBounds, LogFile } from './log-file.js';
import { logLine, PrintedLines } from './log-lines.js';

/** Time to read what is in a pipe when its process has ended. */
const LAST_LINES_MS = 500;

/** Writes the output of a process, across its restarts, to its log. */
export class ProcessLog {
  private readonly file: LogFile;
  private readonly printed = new PrintedEnd();
  /** The pipes still being read, each with its incomplete line. */
  private readonly outputs = new Map<Readable, PrintedLines>();

  constructor(
    private readonly name: string,
    path: string,
    bounds: LogBounds,
    say: (line: string) => void,
  ) {
    this.file = new LogFile(
      path,
      bounds,
      (what) => say(`${name}: ${what}`),
      (message) => this.lineOf(message),
    );
  }

  /** As PrintedEnd.lastWords. */
  lastWords(): LastWords | null {
    return this.printed.lastWords();
  }

  /** The pipe is always read, also while the log cannot be written: a full pipe would block the process. */
  read(output: Readable): void {
    const lines = new PrintedLines((line) => this.file.write(this.lineOf(line)));
    this.outputs.set(output, lines);
    output.on('data', (bytes: Buffer) => {
      this.printed.take(bytes.toString('utf8'));
      lines.add(bytes);
    });
    output.once('close', () => {
      if (this.outputs.delete(output)) lines.end();
    });
  }

  /**
   * Reads the last lines of a process that has ended. Does not wait for its children, which may keep the pipes open.
   */
  async close(): Promise<void> {
    const open = [...this.outputs.keys()].filter((output) => !output.closed);
    const closed = Promise.all(open.map((output) => once(output, 'close')));
    await Promise.race([closed, pause(LAST_LINES_MS, undefined, { ref: false })]);
    for (const [output, lines] of this.outputs) {
      output.removeAllListeners('data').destroy();
      lines.end();
    }
    this.outputs.clear();
    this.file.close();
  }

  private lineOf(printed: string): string {
    return logLine(this.name, printed, new Date());
  }
}
