import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { CLONE } from './clone.js';

const TICKS_A_SECOND = 100;

/** CPU time of a process: of its main thread, and of its other threads together. */
export interface CpuSeconds {
  readonly main: number;
  readonly others: number;
}

/** A program of test/programs that works in periods. */
export class Spells {
  private readonly lines: AsyncIterator<string>;

  private constructor(private readonly child: ChildProcessByStdio<Writable, Readable, null>) {
    this.lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  /** The namespace's name; null: on the machine itself. */
  static start(name: string, args: readonly string[], namespace: string | null = null): Spells {
    const command = [process.execPath, join(CLONE, 'dist', 'test', 'programs', `${name}.js`), ...args];
    const [file = '', ...rest] = namespace === null ? command : ['ip', 'netns', 'exec', namespace, ...command];
    return new Spells(spawn(file, rest, { stdio: ['pipe', 'pipe', 'inherit'] }));
  }

  /** `how`: the arguments after `go`. */
  go(how = ''): void {
    this.child.stdin.write(`go ${how}\n`);
  }

  /** What it did since it started. */
  async halt<T>(): Promise<T> {
    this.child.stdin.write('halt\n');
    const { value, done } = await this.lines.next();
    if (done === true) throw new Error('the program has ended');
    return JSON.parse(value);
  }

  /** User and system time so far. */
  cpuSeconds(): CpuSeconds {
    const { pid } = this.child;
    const main = cpuSecondsIn(`/proc/${pid}/task/${pid}/stat`);
    return { main, others: cpuSecondsIn(`/proc/${pid}/stat`) - main };
  }

  async end(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.stdin.end();
    await ended;
  }
}

function cpuSecondsIn(statFile: string): number {
  const fields = readFileSync(statFile, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
}
