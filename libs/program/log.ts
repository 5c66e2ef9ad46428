import { type LoggerOptions, pino } from 'pino';

/** Fields at the beginning of every log line of a process. */
export interface LogIdentity {
  readonly process: string;
  readonly [field: string]: string | number;
}

/** Bytes that may wait for an output that is not read; further lines are dropped. */
const MOST_WAITING_BYTES = 1_048_576;

/**
 * The form of log lines of every process: JSON with `level`, `time` (RFC 3339, UTC), `process` and `message`, and no
 * duplicate keys.
 */
export function logForm(identity: LogIdentity): LoggerOptions {
  return {
    base: { ...identity },
    timestamp: pino.stdTimeFunctions.isoTime,
    messageKey: 'message',
    formatters: { log: (fields) => withoutTaken(fields, identity) },
  };
}

const TRY_AGAIN_AFTER_MS = 100;

/**
 * A log on standard output that writes each line at once, so that the last line before a crash is not lost. If the
 * output cannot be written, such as on a full disk or a pipe that nobody reads, the process goes on; waiting lines are
 * written when that is possible again.
 */
export function createLog(identity: LogIdentity, options: Pick<LoggerOptions, 'level' | 'redact'>) {
  // Creating the stream puts a pipe into non-blocking mode, so a write to a full pipe fails with EAGAIN. Otherwise it
  // would block the whole process until somebody reads the pipe.
  process.stdout.on('error', () => {});
  const output = pino.destination({
    fd: 1,
    sync: true,
    maxLength: MOST_WAITING_BYTES,
    retryEAGAIN: () => false,
  });
  let isToTryAgain = false;
  output.on('error', () => {
    if (isToTryAgain) return;
    isToTryAgain = true;
    setTimeout(() => {
      isToTryAgain = false;
      output.flush();
    }, TRY_AGAIN_AFTER_MS).unref();
  });
  return pino({ ...logForm(identity), ...options }, output);
}

/** A field whose name the line already has would make a duplicate key, so such fields are put below `about`. */
function withoutTaken(
  fields: { readonly [field: string]: unknown },
  identity: LogIdentity,
): { readonly [field: string]: unknown } {
  const taken = ['level', 'time', 'message', ...Object.keys(identity)].filter((name) => fields[name] !== undefined);
  if (taken.length === 0) return fields;
  const rest = Object.entries(fields).filter(([name]) => !taken.includes(name));
  return { ...Object.fromEntries(rest), about: Object.fromEntries(taken.map((name) => [name, fields[name]])) };
}
