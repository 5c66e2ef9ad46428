import { collectWhenIdle } from './idle-collection.js';

/** Something that runs until it is closed. */
export interface Running {
  /** Ends in order: nothing comes in, what is under way is done, connections are closed. */
  close(): Promise<void>;
  /**
   * Called right before the process exits, also after a fatal error. Must be synchronous: nothing waits for promises.
   */
  exiting?(): void;
}

export interface Program {
  /**
   * Rejects when the program cannot run. `signal` is aborted when its end is asked for meanwhile. `end` closes the
   * program in order; with an error, which is told last, it ends as one that cannot run.
   */
  readonly start: (signal: AbortSignal, end: (reason: string, error?: unknown) => void) => Promise<Running>;
  readonly ending: (reason: string) => void;
  /** The program cannot run, or fails at something it did not expect; its process ends after this. */
  readonly fatal: (error: unknown, what: string) => void;
  /** Of an error that `start` rejected with, or that was given to `end`. Default 1. */
  readonly exitCodeOf?: (error: unknown) => number;
  /** Longer than any step of closing: then the process ends, whatever is left. */
  readonly closeWithinMs: number;
}

const FAILED = 1;
/** A log line on its way to a pipe gets so long before the process ends. */
const FLUSH_MS = 50;

/**
 * Runs a program from its start to the end of its process, which comes in any case: at SIGTERM, SIGINT or SIGHUP, while
 * it starts as well; after a start that failed, whatever that left open; after an error that nobody caught; and when
 * closing hangs. While it has nothing to do, it gives back memory. Exits with 0 when the end was asked for and closing
 * was done in time.
 */
export function runProgram(program: Program): void {
  const asked = new AbortController();
  let running: Running | null = null;
  let leaving = false;
  /** Why the program ends although nobody asked for it. */
  let because: { readonly reason: string; readonly error: unknown } | null = null;

  const leave = (code: number): void => {
    if (leaving) return;
    leaving = true;
    setTimeout(() => process.exit(code), FLUSH_MS);
  };
  const fail = (error: unknown, what: string, code = FAILED): void => {
    if (leaving) return;
    program.fatal(error, what);
    leave(code);
  };
  const failFor = (error: unknown, what: string) => fail(error, what, program.exitCodeOf?.(error) ?? FAILED);
  const closeAndLeave = (started: Running): void => {
    started.close().then(
      () => (because === null ? leave(0) : failFor(because.error, because.reason)),
      (error: unknown) => fail(error, 'closing failed'),
    );
  };
  const end = (reason: string, error?: unknown): void => {
    if (asked.signal.aborted) return;
    if (error !== undefined) because = { reason, error };
    program.ending(reason);
    setTimeout(
      () => fail(new Error(`not closed within ${program.closeWithinMs} ms`), 'closing took too long'),
      program.closeWithinMs,
    );
    asked.abort(new Error(`the end was asked for: ${reason}`));
    if (running !== null) closeAndLeave(running);
  };

  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => end(signal));
  process.on('exit', () => running?.exiting?.());
  process.on('uncaughtException', (error) => fail(error, 'unexpected error'));
  process.on('unhandledRejection', (error) => fail(error, 'unexpected error'));

  collectWhenIdle();
  program.start(asked.signal, end).then(
    (started) => {
      running = started;
      if (asked.signal.aborted) closeAndLeave(started);
    },
    (error: unknown) => {
      if (asked.signal.aborted) leave(0);
      else failFor(error, 'the program cannot run');
    },
  );
}
