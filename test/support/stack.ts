import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CLONE } from './clone.js';
import { CommandLinePool } from './command-lines.js';
import type { MeshFixture } from './mesh-fixture.js';
import { freePort } from './ports.js';
import { programFile } from './programs.js';
import { type MeshKind, startStackFixture } from './stack-mesh.js';
import { waitFor } from './wait.js';

const READY_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 15_000;
const COMMAND_TIMEOUT_MS = 60_000;

interface Context {
  readonly url: string;
  readonly token: string;
}

interface SandboxSeen {
  readonly id: string;
  readonly namespace: string | null;
}

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A running child of a test whose output is collected. */
export interface Running {
  readonly child: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly ended: Promise<Ran>;
}

/** The whole product on this machine, started as a person starts it, in a separate home. */
export interface RunningStack {
  readonly home: string;
  readonly url: string;
  readonly token: string;
  /** The control server of a stack over tsnet. */
  readonly fixture: MeshFixture | null;
  /** The output of `npm start` so far. */
  readonly output: () => string;
  /**
   * Runs a gstacks command against this stack. One process runs many of these commands, because starting one for each
   * takes long. Commands of `mesh` run bin/gstacks as users do: one that follows within milliseconds, as in a process
   * that runs already, still meets the background node that the command before it is ending.
   */
  gstacks(...args: string[]): Promise<Ran>;
  /** Like gstacks with --json: the document. Fails on an unexpected exit code. */
  json(args: readonly string[], expectedCode?: number): Promise<unknown>;
  /** A command inside a sandbox, left running. */
  inSandbox(sandboxId: string, ...command: string[]): Running;
  /** The present pid of postgres, nats, control-plane, agent-host-a or agent-host-b. */
  pid(name: string): number;
  log(name: string): string;
  /** SIGTERM, and the exit code. */
  stop(): Promise<number | null>;
  /** SIGTERM, then the home folder is removed. */
  remove(): Promise<void>;
}

export interface StackOptions {
  readonly sandboxes: 'static' | 'netns' | 'docker';
  /** The command under which the stack and every command run, such as nsenter and its arguments. */
  readonly under?: readonly string[];
  /** tsnet: with the stack's own control server. Default direct. */
  readonly mesh?: MeshKind;
  /** Kept from an earlier stack; a new temporary folder by default. */
  readonly home?: string;
  readonly port?: number;
  readonly env?: Readonly<Record<string, string>>;
}

export async function startStack(options: StackOptions): Promise<RunningStack> {
  const home = options.home ?? mkdtempSync(join(tmpdir(), 'gs-e2e-'));
  const port = options.port ?? (await freePort());
  const control =
    options.mesh === 'tsnet' && options.sandboxes !== 'docker'
      ? await startStackFixture(home, port, options.sandboxes)
      : null;
  const [program = process.execPath, ...under] = [...(options.under ?? []), process.execPath];
  const process_ = run(
    program,
    [...under, programFile('all-in-one'), '--home', home, '--port', String(port), '--sandboxes', options.sandboxes],
    { ...control?.env, ...options.env },
  );
  try {
    await waitFor(
      'the stack says ready',
      () => {
        if (process_.child.exitCode !== null)
          throw new Error(`the stack ended:\n${process_.stdout()}${process_.stderr()}`);
        return /^ready$/m.test(process_.stdout()) && process_.stdout().includes('sandboxes: ');
      },
      READY_TIMEOUT_MS,
    );
  } catch (error) {
    process_.child.kill('SIGTERM');
    await process_.ended;
    await control?.fixture.stop();
    throw new Error(`${String(error)}\n${process_.stdout()}${process_.stderr()}`);
  }
  const context: Context = JSON.parse(readFileSync(join(home, 'context.json'), 'utf8'));
  const namespaces = options.sandboxes === 'netns' ? await namespacesOf(context) : new Map<string, string>();
  const gstacksProcess = (args: readonly string[]): Running => {
    const [command = '', ...rest] = [...(options.under ?? []), join(CLONE, 'bin', 'gstacks'), ...args];
    return run(command, rest, { GLOBALSTACKS_HOME: home });
  };
  const commandLines = new CommandLinePool({ ...bareEnvironment(), GLOBALSTACKS_HOME: home }, CLONE, options.under);

  const stack: RunningStack = {
    home,
    ...context,
    fixture: control?.fixture ?? null,
    output: () => process_.stdout() + process_.stderr(),
    async gstacks(...args) {
      if (args[0] === 'mesh') return gstacksProcess(args).ended;
      const { exitCode: code, stdout, stderr } = await commandLines.run(args);
      return { code, stdout, stderr };
    },
    async json(args, expectedCode = 0) {
      const { exitCode, stdout, stderr } = await commandLines.run(withJson(args));
      if (exitCode !== expectedCode) {
        throw new Error(`gstacks ${args.join(' ')}: exit ${exitCode}, not ${expectedCode}\n${stdout}${stderr}`);
      }
      return JSON.parse(stdout);
    },
    inSandbox(sandboxId, ...command) {
      const namespace = namespaces.get(sandboxId);
      return namespace === undefined
        ? gstacksProcess(['sandbox', 'exec', sandboxId, '--', ...command])
        : run('ip', ['netns', 'exec', namespace, ...command]);
    },
    pid: (name) => Number(readFileSync(join(home, 'run', `${name}.pid`), 'utf8')),
    log: (name) => readFileSync(join(home, 'logs', `${name}.log`), 'utf8'),
    async stop() {
      commandLines.end();
      if (process_.child.exitCode === null) process_.child.kill('SIGTERM');
      const killer = setTimeout(() => process_.child.kill('SIGKILL'), STOP_TIMEOUT_MS);
      const { code } = await process_.ended;
      clearTimeout(killer);
      return code;
    },
    async remove() {
      await stack.stop();
      commandLines.end();
      await control?.fixture.stop();
      rmSync(home, { recursive: true, force: true });
    },
  };
  return stack;
}

/**
 * The namespace of this machine for each sandbox; `gstacks sandbox exec` asks the same and starts a Node process for
 * it.
 */
async function namespacesOf(context: Context): Promise<ReadonlyMap<string, string>> {
  const response = await fetch(`${context.url}/v1/sandboxes`, {
    headers: { authorization: `Bearer ${context.token}` },
  });
  const { items } = (await response.json()) as { readonly items: readonly SandboxSeen[] };
  return new Map(items.flatMap(({ id, namespace }) => (namespace === null ? [] : [[id, namespace]])));
}

/** The words before a command to run it in a sandbox. */
function withJson(words: readonly string[]): readonly string[] {
  const dashes = words.indexOf('--');
  return dashes < 0 ? [...words, '--json'] : [...words.slice(0, dashes), '--json', ...words.slice(dashes)];
}

/** Without any context of this user. */
function bareEnvironment(): Readonly<Record<string, string>> {
  return { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '/' };
}

/** Starts a command in the clone; its output is collected, and its environment contains only the given context. */
export function run(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
  const child = spawn(command, [...args], {
    cwd: CLONE,
    env: { ...bareEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = once(child, 'close').then(([code]: unknown[]) => ({
    code: typeof code === 'number' ? code : null,
    stdout,
    stderr,
  }));
  return { child, stdout: () => stdout, stderr: () => stderr, ended };
}

/** Runs a command to its end, or fails at the bound. */
export async function ran(command: string, args: readonly string[], timeoutMs = COMMAND_TIMEOUT_MS): Promise<Ran> {
  const running = run(command, args);
  const killer = setTimeout(() => running.child.kill('SIGKILL'), timeoutMs);
  const result = await running.ended;
  clearTimeout(killer);
  return result;
}

/** What ran, if it ended with exit code 0; otherwise its output as an error. */
export function succeeded(ran: Ran): Ran {
  if (ran.code !== 0) throw new Error(`exit code ${ran.code}\n${ran.stdout}${ran.stderr}`);
  return ran;
}
