import { StringDecoder } from 'node:string_decoder';

const MOST_CHARACTERS = 65_536;

/** The levels of pino, which this project's processes use. */
const LEVELS: { readonly [printed: string]: number } = {
  ...{ TRC: 10, DBG: 20, INF: 30, WRN: 40, ERR: 50, FTL: 60 },
  ...{ DEBUG: 20, LOG: 30, INFO: 30, NOTICE: 30, WARNING: 40, ERROR: 50, FATAL: 60, PANIC: 60 },
};
const INFO = 30;

/**
 * `[pid] 2026/01/02 03:04:05.678901 [INF] message`. The time is in the machine's time zone, which the line does not
 * name, so the log line gets the time at which it was read instead.
 */
const OF_NATS = /^\[\d+\] [\d/]{10} [\d:.]+ \[([A-Z]{3})\] (.*)$/s;
/** `2026-01-02 03:04:05.678 UTC [pid] LOG:  message`. */
const OF_POSTGRES = /^([\d-]{10}) ([\d:]{8}\.\d{3}) UTC \[\d+\] ([A-Z]+)\d?: +(.*)$/s;

/**
 * A line of a process's output as a line of its log: JSON with `level`, `time`, `process` and `message`. Lines in that
 * form stay as they are.
 */
export function logLine(process: string, printed: string, now: Date): string {
  if (isLogLine(printed)) return printed;
  const line = (level: number, time: string, message: string): string =>
    JSON.stringify({ level, time, process, message });
  const nats = OF_NATS.exec(printed);
  if (nats !== null) return line(LEVELS[nats[1] ?? ''] ?? INFO, now.toISOString(), nats[2] ?? '');
  const postgres = OF_POSTGRES.exec(printed);
  if (postgres !== null) {
    const [, day, time, level = '', message = ''] = postgres;
    // DETAIL, HINT and STATEMENT belong to the line before.
    const text = level in LEVELS ? message : `${level}: ${message}`;
    return line(LEVELS[level] ?? INFO, `${day}T${time}Z`, text);
  }
  return line(INFO, now.toISOString(), printed);
}

function isLogLine(printed: string): boolean {
  if (!printed.startsWith('{')) return false;
  try {
    const { time, message } = JSON.parse(printed);
    return typeof time === 'string' && typeof message === 'string';
  } catch {
    return false;
  }
}

/** Splits a pipe's output into lines, however it is divided. */
export class PrintedLines {
  private readonly decoder = new StringDecoder('utf8');
  private begun = '';

  constructor(private readonly take: (line: string) => void) {}

  add(bytes: Buffer): void {
    const lines = (this.begun + this.decoder.write(bytes)).split('\n');
    this.begun = lines.pop() ?? '';
    for (const line of lines) this.tell(line);
    // A line without an end is cut at a limit.
    while (this.begun.length > MOST_CHARACTERS) {
      this.tell(this.begun.slice(0, MOST_CHARACTERS));
      this.begun = this.begun.slice(MOST_CHARACTERS);
    }
  }

  /** The last line may have no line break. */
  end(): void {
    this.tell(this.begun + this.decoder.end());
    this.begun = '';
  }

  private tell(line: string): void {
    if (line.trim() !== '') this.take(line);
  }
}
