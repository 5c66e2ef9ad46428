import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, type WriteStream } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { CodedError } from '#libs/contracts/errors.js';
import type { PidFiles } from './pid-files.js';
import type { ProcessSpec } from './process-spec.js';

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;
/** After so long alive a process has recovered, and the pauses begin again at the shortest. */
const HEALTHY_AFTER_MS = 10_000;
const READY_POLL_MS = 50;
const READY_TIMEOUT_MS = 60_000;
const GRACE_MS = 4_000;

export class ProcessNotReadyError extends CodedError {}

/** A child that is started again whenever it ends, with growing pauses, until it is stopped. */
export class SupervisedProcess {
  private readonly stopping = new AbortController();
  private readonly log: WriteStream;
  private child: ChildProcess | null = null;
  private running: Promise<void> = Promise.resolve();
  private hasLogFailed = false;

  constructor(
    private readonly spec: ProcessSpec,
    private readonly logPath: string,
    private readonly pidFiles: PidFiles,
    private readonly say: (line: string) => void,
  ) {
    this.log = createWriteStream(logPath, { flags: 'a', mode: 0o600 });
    this.log.on('error', (error) => this.logFailed(error));
  }

  /** Resolves once the process serves. Error: ProcessNotReadyError names the log. */
  async start(): Promise<void> {
    this.running = this.keepAlive();
    const deadline = performance.now() + READY_TIMEOUT_MS;
    while (!(await this.isReady())) {
      if (performance.now() > deadline) {
        throw new ProcessNotReadyError(
          'PROCESS_NOT_READY',
          `${this.spec.name} did not become ready within ${READY_TIMEOUT_MS / 1_000} s`,
          `read ${this.logPath}`,
        );
      }
      await pause(READY_POLL_MS);
    }
  }

  /** Ends the process and starts it no more. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.child?.kill(this.spec.stopSignal);
    const killer = setTimeout(() => this.child?.kill('SIGKILL'), GRACE_MS);
    await this.running;
    clearTimeout(killer);
    await new Promise((resolve) => this.log.end(resolve));
  }

  /** What a child prints as it ends may come after the log was closed; a disk may be full. Neither ends everything else. */
  private logFailed(error: Error): void {
    if (this.stopping.signal.aborted || this.hasLogFailed) return;
    this.hasLogFailed = true;
    this.say(`${this.spec.name}: ${this.logPath} cannot be written: ${error.message}`);
  }

  private async isReady(): Promise<boolean> {
    return this.child !== null && (await this.spec.isReady().catch(() => false));
  }

  private async keepAlive(): Promise<void> {
    const { signal } = this.stopping;
    let pauseMs = FIRST_PAUSE_MS;
    while (!signal.aborted) {
      const startedAt = performance.now();
      const ending = await this.runOnce();
      if (signal.aborted) break;
      if (performance.now() - startedAt > HEALTHY_AFTER_MS) pauseMs = FIRST_PAUSE_MS;
      this.say(`${this.spec.name} ended (${ending}); starting it again in ${pauseMs} ms; log: ${this.logPath}`);
      await pause(pauseMs, undefined, { signal }).catch(() => {});
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }
  }

  private runOnce(): Promise<string> {
    const { spec } = this;
    return new Promise((resolve) => {
      // A process group of its own: Ctrl-C reaches the parent alone, which stops its children in order.
      const child = spawn(spec.command, [...spec.args], {
        env: { ...spec.env },
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true,
        ...(spec.cwd === undefined ? {} : { cwd: spec.cwd }),
        ...spec.user,
      });
      child.stdout.pipe(this.log, { end: false });
      child.stderr.pipe(this.log, { end: false });
      const end = (how: string): void => {
        this.child = null;
        this.pidFiles.remove(spec.name);
        resolve(how);
      };
      child.once('error', (error) => end(error.message));
      child.once('spawn', () => {
        this.child = child;
        if (child.pid !== undefined) this.pidFiles.write(spec.name, child.pid);
        if (this.stopping.signal.aborted) child.kill(spec.stopSignal);
      });
      child.once('exit', (code, signal) => end(signal ?? `exit code ${code}`));
    });
  }
}
