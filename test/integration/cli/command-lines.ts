import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Finished } from '#test/integration/cli/gstacks.js';
import { CLONE } from '#test/support/clone.js';

const PROGRAM = join(CLONE, 'dist', 'test', 'programs', 'command-lines.js');

/** Runs command lines one after the other in one process, where starting a process is no part of what is tested. */
export class CommandLines {
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly answers: AsyncIterator<string>;

  constructor(env: Readonly<Record<string, string>>, cwd: string) {
    this.child = spawn(process.execPath, [PROGRAM], { env, cwd, stdio: 'pipe' });
    this.answers = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
    this.child.stderr.pipe(process.stderr);
  }

  async run(words: readonly string[]): Promise<Finished> {
    this.child.stdin.write(`${JSON.stringify(words)}\n`);
    const { value, done } = await this.answers.next();
    if (done === true) throw new Error(`the process ended at: ${words.join(' ')}`);
    return JSON.parse(value);
  }

  end(): void {
    this.child.kill('SIGKILL');
  }
}
