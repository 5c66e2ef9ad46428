import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { rest } from '#libs/async/rest.js';
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
/** What a process printed before its end is in its pipe already. */
const LAST_LINES_MS = 500;

export class ProcessNotReadyError extends CodedError {}

/** A child that is started again whenever it ends, with growing pauses, until it is stopped. */
export class SupervisedProcess {
  private readonly stopping = new AbortController();
  private readonly log: WriteStream;
  private child: ChildProcess | null = null;
  private running: Promise<void> = Promise.resolve();
  private hasLogFailed = false;
  /** The pipes that are still read into the log. */
  private readonly outputs = new Set<Readable>();

  constructor(
    private readonly spec: ProcessSpec,
    private readonly logPath: string,
    private readonly pidFiles: PidFiles,
    private readonly say: (line: string) => void,
  ) {
    this.log = createWriteStream(logPath, { flags: 'a', mode: 0o600 });
    // A full disk, for example. Without a listener it would end this process, and with it everything that runs.
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
    await this.stopReading();
    await new Promise((resolve) => this.log.end(resolve));
  }

  /**
   * Reads the last lines of a process that has ended. A child of its own may keep its pipes open: that one is not
   * waited for.
   */
  private async stopReading(): Promise<void> {
    const open = [...this.outputs].filter((output) => !output.closed);
    const closed = Promise.all(open.map((output) => once(output, 'close')));
    await Promise.race([closed, pause(LAST_LINES_MS, undefined, { ref: false })]);
    for (const output of this.outputs) {
      output.unpipe(this.log);
      output.destroy();
    }
  }

  private logFailed(error: Error): void {
    if (this.hasLogFailed) return;
    this.hasLogFailed = true;
    this.say(`${this.spec.name}: ${this.logPath} cannot be written, its lines are dropped: ${error.message}`);
    for (const output of this.outputs) output.resume();
  }

  /** What nobody reads would fill the pipe, and then block the process. */
  private read(output: Readable): void {
    this.outputs.add(output);
    output.once('close', () => this.outputs.delete(output));
    if (this.hasLogFailed) output.resume();
    else output.pipe(this.log, { end: false });
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
      await rest(pauseMs, signal);
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
      this.read(child.stdout);
      this.read(child.stderr);
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
