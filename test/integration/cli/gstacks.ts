import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CLONE } from '#test/support/clone.js';
import { makeProgramsCurrent } from '#test/support/programs.js';

export const GSTACKS = join(CLONE, 'bin/gstacks');

export interface Finished {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Options {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly cwd?: string;
}

/** Runs the real bin/gstacks as a child, without any configuration of this user or clone. */
export class Gstacks {
  private readonly running = new Set<ChildProcessWithoutNullStreams>();

  private constructor(readonly folder: string) {}

  static async create(): Promise<Gstacks> {
    makeProgramsCurrent();
    return new Gstacks(await mkdtemp(join(tmpdir(), 'gstacks-cli-')));
  }

  /** The path of the program that it runs. */
  readonly program = GSTACKS;

  get environment(): Record<string, string> {
    return {
      PATH: process.env.PATH ?? '',
      HOME: this.folder,
      XDG_CONFIG_HOME: join(this.folder, 'config'),
      GLOBALSTACKS_HOME: join(this.folder, 'home'),
    };
  }

  start(args: readonly string[], options: Options = {}): ChildProcessWithoutNullStreams {
    const child = spawn(GSTACKS, args, {
      env: { ...this.environment, ...options.env },
      cwd: options.cwd ?? this.folder,
      stdio: 'pipe',
    });
    this.running.add(child);
    child.once('close', () => this.running.delete(child));
    return child;
  }

  async run(args: readonly string[], options: Options = {}): Promise<Finished> {
    const child = this.start(args, options);
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.stdin ?? '');
    return finished(child);
  }

  /** Ends processes that a failed test left running, and removes the folder. */
  async remove(): Promise<void> {
    for (const child of this.running) {
      child.stdin.destroy();
      child.kill('SIGKILL');
    }
    await rm(this.folder, { recursive: true, force: true });
  }
}

export async function finished(child: ChildProcessWithoutNullStreams): Promise<Finished> {
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [exitCode, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { exitCode, signal, stdout, stderr };
}

/** Splits `network create dev` into words; no test needs quotes. */
export function words(commandLine: string): string[] {
  return commandLine.split(' ').filter((word) => word !== '');
}
