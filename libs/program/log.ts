import { type LoggerOptions, pino } from 'pino';

/** Fields that every line of a process begins with. */
export interface LogIdentity {
  readonly process: string;
  readonly [field: string]: string | number;
}

/** What waits to be written to an output that takes nothing; lines beyond are dropped. */
const MOST_WAITING_BYTES = 1_048_576;

/**
 * The form of log lines, one for all processes: JSON, with `level`, `time` (RFC 3339, UTC), `process`, `message`, and
 * no key twice.
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
 * A log on standard output, each line written at once: the last line before a crash is the one that counts. An output
 * that cannot be written, such as a file on a full disk or a pipe whose reader has stopped, ends nothing and holds
 * nothing up; what still waits follows when it can.
 */
export function createLog(identity: LogIdentity, options: Pick<LoggerOptions, 'level' | 'redact'>) {
  // Once Node has made a stream of it, a pipe is in non-blocking mode: when it is full, a write fails with EAGAIN.
  // Otherwise the write would stop the whole process until somebody reads the pipe.
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

/** A field with a name that the line has already would make a second key of that name: such fields stand in `about`. */
function withoutTaken(
  fields: { readonly [field: string]: unknown },
  identity: LogIdentity,
): { readonly [field: string]: unknown } {
  const taken = ['level', 'time', 'message', ...Object.keys(identity)].filter((name) => fields[name] !== undefined);
  if (taken.length === 0) return fields;
  const rest = Object.entries(fields).filter(([name]) => !taken.includes(name));
  return { ...Object.fromEntries(rest), about: Object.fromEntries(taken.map((name) => [name, fields[name]])) };
}
