const KEPT_CHARACTERS = 16_384;
const FATAL_LEVEL = 60;
/** Lines of Postgres and nats-server with the reason for which they end. */
const FATAL_LINE = /(?:FATAL|PANIC):\s+(.*)|\[FTL\]\s+(.*)/;
/** Postgres also sends these to clients that connect too early or too late; they are not why it ends. */
const SAID_TO_CLIENTS = /the database system is (?:starting up|shutting down|in recovery mode|not yet accepting)/;
/** Postgres names the missing record, but not the damaged files. */
const NO_CHECKPOINT = /could not locate a valid checkpoint record/;

/** Why a process cannot run, from its own output. */
export interface LastWords {
  readonly reason: string;
  /** null: its output suggests none. */
  readonly remedy: string | null;
}

/** The end of a process's output. */
export class PrintedEnd {
  private text = '';

  take(printed: string): void {
    this.text = (this.text + printed).slice(-KEPT_CHARACTERS);
  }

  /** Its last fatal line, otherwise its last line; null: it printed nothing. */
  lastWords(): LastWords | null {
    const lines = this.text.split('\n').filter((line) => line.trim() !== '');
    for (const line of lines.toReversed()) {
      const words = fatalWords(line);
      if (words !== null) return words;
    }
    const last = lines.at(-1);
    return last === undefined ? null : { reason: last, remedy: null };
  }
}

function fatalWords(line: string): LastWords | null {
  const found = FATAL_LINE.exec(line);
  if (found !== null) {
    const reason = found[1] ?? found[2] ?? line;
    if (SAID_TO_CLIENTS.test(reason)) return null;
    const isTorn = NO_CHECKPOINT.test(reason);
    return {
      reason: isTorn ? `${reason}: global/pg_control and pg_wal are not from the same copy` : reason,
      remedy: null,
    };
  }
  const entry = asObject(line);
  if (entry === null || typeof entry.level !== 'number' || entry.level < FATAL_LEVEL) return null;
  const error = asObject(entry.err);
  const reason = [entry.reason, error?.message, entry.message].find((text) => typeof text === 'string');
  return { reason: String(reason ?? line), remedy: typeof entry.remedy === 'string' ? entry.remedy : null };
}

function asObject(value: unknown): { readonly [key: string]: unknown } | null {
  if (typeof value !== 'string') return typeof value === 'object' && value !== null ? { ...value } : null;
  try {
    return asObject(JSON.parse(value));
  } catch {
    return null;
  }
}
