import { collectWhenIdle } from './idle-collection.js';

/** A started program. */
export interface Running {
  /** Ends in order: stops taking work, finishes what is in progress, closes connections. */
  close(): Promise<void>;
  /** Called right before the process exits, also after a fatal error. Must be synchronous: promises are not awaited. */
  exiting?(): void;
}

export interface Program {
  /**
   * Rejects when cannot start. `signal` is aborted when its end is asked for meanwhile. `end` closes the
   * program in order; with an error, which is told last, it ends as one that cannot run.
   */
  readonly start: (signal: AbortSignal, end: (reason: string, error?: unknown) => void) => Promise<Running>;
  readonly ending: (reason: string) => void;
  /** Called with the error that ends the process: a failed start, or an error that nobody caught. */
  readonly fatal: (error: unknown, what: string) => void;
  /** Of an error that `start` rejected with, or that was given to `end`. Default 1. */
  readonly exitCodeOf?: (error: unknown) => number;
  /** Longer than any step of closing. After this the process ends, whatever is still open. */
  readonly closeWithinMs: number;
}

const FAILED = 1;
/** Time for the last log line to be written to a pipe before the process ends. */
const FLUSH_MS = 50;

/**
 * Runs a program until its process ends: on SIGTERM, SIGINT or SIGHUP, also during the start; after a failed start,
 * whatever that left open; after an error that nobody caught; and when closing takes too long. Returns memory while
 * idle. Exits with 0 if the end was asked for and closing was done in time.
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
      () => fail(new Error(`it did not stop within ${program.closeWithinMs} ms`), 'closing took too long'),
      program.closeWithinMs,
    );
    asked.abort(new Error(`asked to stop: ${reason}`));
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
      else failFor(error, 'cannot start');
    },
  );
}
