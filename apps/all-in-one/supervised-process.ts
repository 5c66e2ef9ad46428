import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { rest } from '#libs/async/rest.js';
import { CodedError } from '#libs/contracts/errors.js';
import type { LastWords } from './last-words.js';
import type { LogBounds } from './log-file.js';
import type { PidFiles } from './pid-files.js';
import { ProcessLog } from './process-log.js';
import type { ProcessSpec } from './process-spec.js';

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;
/** A process that lived this long has recovered, and pauses start at the shortest again. */
const HEALTHY_AFTER_MS = 10_000;
const READY_POLL_MS = 50;
const READY_TIMEOUT_MS = 60_000;
const TELL_EACH_MS = 3_000;
const GRACE_MS = 4_000;
/** A process that ended this often, each time soon, for this long, will not run by another restart. */
const MOST_EARLY_ENDS = 2;
const GIVEN_UP_AFTER_MS = 4_000;

export class ProcessNotReadyError extends CodedError {}

/** How a child ended. */
interface Ending {
  readonly how: string;
  readonly isFinal: boolean;
}

/**
 * A child that is started again whenever it ends, with growing pauses, until it is stopped or says that another start
 * would end the same way.
 */
export class SupervisedProcess {
  private readonly stopping = new AbortController();
  private readonly log: ProcessLog;
  private child: ChildProcess | null = null;
  private running: Promise<void> = Promise.resolve();
  /** Consecutive ends soon after the start. */
  private earlyEnds = 0;
  private startedAtMs = 0;
  private hasEndedForGood = false;

  constructor(
    private readonly spec: ProcessSpec,
    private readonly logPath: string,
    private readonly pidFiles: PidFiles,
    private readonly say: (line: string) => void,
    logBounds: LogBounds,
  ) {
    this.log = new ProcessLog(spec.name, logPath, logBounds, say);
  }

  /**
   * Why the process does not run, in its own words, once it has ended for good, and while it ends again and again, when
   * it is started on; null otherwise.
   */
  get failure(): ProcessNotReadyError | null {
    const endsEarly = this.earlyEnds >= MOST_EARLY_ENDS && performance.now() - this.startedAtMs >= GIVEN_UP_AFTER_MS;
    return this.hasEndedForGood || endsEarly ? this.notReady(this.log.lastWords()) : null;
  }

  /** The same, if its output says what a person has to do: another start would end the same way. */
  private get refusal(): ProcessNotReadyError | null {
    const words = this.earlyEnds === 0 ? null : this.log.lastWords();
    return words === null || words.remedy === null ? null : this.notReady(words);
  }

  private notReady(words: LastWords | null): ProcessNotReadyError {
    const { name, remedy } = this.spec;
    return new ProcessNotReadyError(
      'PROCESS_ENDS',
      `${name} cannot run: ${words?.reason ?? 'it printed nothing'}`,
      words?.remedy ?? `read ${this.logPath}${remedy === undefined ? '' : `; ${remedy}`}`,
    );
  }

  /**
   * Resolves once the process is ready. Errors: ProcessNotReadyError with the reason why it cannot run; those of
   * `isReady`.
   */
  async start(): Promise<void> {
    this.startedAtMs = performance.now();
    this.running = this.keepAlive();
    const deadline = performance.now() + READY_TIMEOUT_MS;
    let tellAt = performance.now() + TELL_EACH_MS;
    while (!(await this.isReady())) {
      const failure = this.failure ?? this.refusal;
      if (failure !== null) throw failure;
      if (performance.now() > tellAt && !this.stopping.signal.aborted) {
        this.say(`${this.spec.name}: not ready yet; log: ${this.logPath}`);
        tellAt = performance.now() + TELL_EACH_MS;
      }
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

  /** Stops the process and does not restart it. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.child?.kill(this.spec.stopSignal);
    const killer = setTimeout(() => this.child?.kill('SIGKILL'), GRACE_MS);
    await this.running;
    clearTimeout(killer);
    await this.log.close();
  }

  private writePid(pid: number): void {
    try {
      this.pidFiles.write(this.spec.name, pid);
    } catch (error) {
      // The process runs without its record and ends with this process; only a start after a crash would not find it.
      const reason = error instanceof Error ? error.message : String(error);
      this.say(`${this.spec.name}: its pid ${pid} could not be saved: ${reason}`);
    }
  }

  private async isReady(): Promise<boolean> {
    if (this.child === null) return false;
    try {
      return await this.spec.isReady();
    } catch (error) {
      if (error instanceof CodedError) throw error;
      return false;
    }
  }

  private async keepAlive(): Promise<void> {
    const { signal } = this.stopping;
    let pauseMs = FIRST_PAUSE_MS;
    while (!signal.aborted) {
      const startedAt = performance.now();
      const { how, isFinal } = await this.runOnce();
      if (signal.aborted) break;
      if (isFinal) {
        this.hasEndedForGood = true;
        const { message, remedy } = this.notReady(this.log.lastWords());
        this.say(`${message} (${how}; not started again)`);
        this.say(`  try: ${remedy}`);
        return;
      }
      if (performance.now() - startedAt > HEALTHY_AFTER_MS) {
        pauseMs = FIRST_PAUSE_MS;
        this.earlyEnds = 0;
      }
      this.earlyEnds += 1;
      this.say(`${this.spec.name} ended (${how}); starting it again in ${pauseMs} ms; log: ${this.logPath}`);
      await rest(pauseMs, signal);
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }
  }

  private runOnce(): Promise<Ending> {
    const { spec } = this;
    return new Promise((resolve) => {
      // In its own process group: Ctrl-C reaches only the parent, which stops its children in order.
      const child = spawn(spec.command, [...spec.args], {
        env: { ...spec.env },
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true,
        ...(spec.cwd === undefined ? {} : { cwd: spec.cwd }),
        ...spec.user,
      });
      this.log.read(child.stdout);
      this.log.read(child.stderr);
      const end = (how: string, isFinal = false): void => {
        this.child = null;
        this.pidFiles.remove(spec.name);
        resolve({ how, isFinal });
      };
      child.once('error', (error) => end(error.message));
      child.once('spawn', () => {
        this.child = child;
        if (child.pid !== undefined) this.writePid(child.pid);
        if (this.stopping.signal.aborted) child.kill(spec.stopSignal);
      });
      child.once('exit', (code, signal) => {
        end(signal ?? `exit code ${code}`, code !== null && code === spec.finalExitCode);
      });
    });
  }
}
