import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type AgentId, parseAgentId } from '#libs/contracts/ids.js';
import { ENROLLMENT_TOKEN } from '#test/support/fake-control-plane.js';
import { programFile } from '#test/support/programs.js';
import { waitFor } from '#test/support/wait.js';

/** For an agent with the driver `static`, whose addresses are all in one /24, such as `127.160.7`. */
export const staticAgent = (block: string) => ({
  GLOBALSTACKS_AGENT_DRIVER: 'static',
  GLOBALSTACKS_AGENT_MESH_DNS_ADDR: `${block}.1:1053`,
  GLOBALSTACKS_AGENT_MESH_PROXY_BIND: `${block}.128/25`,
});

export type LogLine = { readonly [key: string]: unknown };

/** An agent as a separate process, with its state in a temporary folder. */
export class AgentProcess {
  readonly id: AgentId;
  readonly folder = mkdtempSync(join(tmpdir(), 'gs-agent-'));
  readonly log: LogLine[] = [];
  private child: ChildProcess | null = null;

  constructor(
    name: string,
    controlPlaneUrl: string,
    private settings: { readonly [variable: string]: string },
    /** The command under which the process is started, such as nsenter and its arguments. */
    private readonly under: readonly string[] = [],
  ) {
    this.id = parseAgentId(name, 'agent');
    writeFileSync(this.tokenFile, `${ENROLLMENT_TOKEN}\n`, { mode: 0o600 });
    this.settings = {
      GLOBALSTACKS_AGENT_NAME: name,
      GLOBALSTACKS_CONTROL_PLANE_URL: controlPlaneUrl,
      GLOBALSTACKS_AGENT_STATE_DIR: this.stateFolder,
      GLOBALSTACKS_AGENT_ENROLLMENT_TOKEN_FILE: this.tokenFile,
      GLOBALSTACKS_AGENT_SANDBOXES: this.sandboxesFile,
      GLOBALSTACKS_AGENT_DNS_UPSTREAMS: 'refuse',
      GLOBALSTACKS_MESH_TRANSPORT: 'direct',
      GLOBALSTACKS_MESH_DIRECT_LISTEN: '127.0.0.1:0',
      GLOBALSTACKS_LOG_LEVEL: 'debug',
      ...settings,
    };
  }

  get stateFolder(): string {
    return join(this.folder, 'state');
  }

  /** Contains the fake control plane's token, until another is written. */
  get tokenFile(): string {
    return join(this.folder, 'token');
  }

  get sandboxesFile(): string {
    return join(this.folder, 'sandboxes.yaml');
  }

  setSandboxes(sandboxes: readonly { readonly id: string; readonly address?: string }[]): void {
    writeFileSync(this.sandboxesFile, JSON.stringify(sandboxes));
  }

  /** From the next start on. */
  set(variable: string, value: string): void {
    this.settings = { ...this.settings, [variable]: value };
  }

  start(): void {
    const [command = process.execPath, ...rest] = [...this.under, process.execPath, programFile('agent')];
    const child = spawn(command, rest, {
      env: { PATH: process.env.PATH, ...this.settings },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.child = child;
    createInterface({ input: child.stdout }).on('line', (line) => this.log.push(JSON.parse(line)));
  }

  /** Runs another command of the agent's program on its host, with the agent's settings. */
  command(...words: readonly string[]): Promise<{ readonly code: number; readonly output: string }> {
    const [command = process.execPath, ...rest] = [...this.under, process.execPath, programFile('agent'), ...words];
    return new Promise((resolve) => {
      execFile(command, rest, { env: { PATH: process.env.PATH, ...this.settings } }, (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : Number(error.code), output: `${stdout}${stderr}` }),
      );
    });
  }

  /** The first line since `from` with this message for which `isMeant` is true, once it is there. */
  logged(message: string, from = 0, isMeant: (line: LogLine) => boolean = () => true): Promise<LogLine> {
    return waitFor(`${this.id} logs "${message}"`, () =>
      this.log.slice(from).find((line) => line.message === message && isMeant(line)),
    );
  }

  get pid(): number {
    if (this.child?.pid === undefined) throw new Error(`${this.id} is not running`);
    return this.child.pid;
  }

  /** Resolves with its exit code when it has ended by itself. */
  async ended(): Promise<number | null> {
    const child = this.child;
    await waitFor(`${this.id} ends`, () => child !== null && child.exitCode !== null);
    return child?.exitCode ?? null;
  }

  /** Resolves with the exit code, or the signal that ended it. */
  async end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals | null> {
    const child = this.child;
    this.child = null;
    if (child === null) return null;
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      child.kill(signal);
      await ended;
    }
    return child.exitCode ?? child.signalCode;
  }

  async remove(): Promise<void> {
    await this.end('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }
}
