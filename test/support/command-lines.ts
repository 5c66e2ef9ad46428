import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { CLONE } from './clone.js';

const PROGRAM = join(CLONE, 'dist', 'test', 'programs', 'command-lines.js');

export interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs command lines one after the other in one process, for tests in which starting the process does not matter. */
export class CommandLines {
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly answers: AsyncIterator<string>;

  /** `under`: the command under which the process is started, such as nsenter and its arguments. */
  constructor(env: Readonly<Record<string, string>>, cwd: string, under: readonly string[] = []) {
    const [file = '', ...args] = [...under, process.execPath, PROGRAM];
    this.child = spawn(file, args, { env, cwd, stdio: 'pipe' });
    this.answers = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
    this.child.stderr.pipe(process.stderr);
  }

  async run(words: readonly string[]): Promise<Outcome> {
    this.child.stdin.write(`${JSON.stringify(words)}\n`);
    const { value, done } = await this.answers.next();
    if (done === true) throw new Error(`the process ended at: ${words.join(' ')}`);
    return JSON.parse(value);
  }

  end(): void {
    this.child.kill('SIGKILL');
  }
}

/** The number of these processes is the number of command lines that run at once. */
export class CommandLinePool {
  private readonly idle: CommandLines[] = [];

  constructor(
    private readonly env: Readonly<Record<string, string>>,
    private readonly cwd: string,
    private readonly under: readonly string[] = [],
  ) {}

  async run(words: readonly string[]): Promise<Outcome> {
    const lines = this.idle.pop() ?? new CommandLines(this.env, this.cwd, this.under);
    const outcome = await lines.run(words);
    this.idle.push(lines);
    return outcome;
  }

  end(): void {
    for (const lines of this.idle.splice(0)) lines.end();
  }
}
