import { readFileSync } from 'node:fs';
import { uptime } from 'node:os';

/** A moment by a clock that goes on while the host is suspended, and what is needed to compare it after a reboot. */
export interface Moment {
  /** Of the kernel's run: uptimes of two runs do not compare. */
  readonly bootId: string;
  /** Seconds since the kernel started, suspended ones counted (CLOCK_BOOTTIME). */
  readonly uptimeSeconds: number;
  readonly wallMs: number;
}

export type Clock = () => Moment;

/** That of /proc/uptime. Each flow asks for the time, and reading the file takes as long as judging the flow. */
const RESOLUTION_MS = 10;

/** The host's own clock. os.uptime is /proc/uptime on Linux, which counts suspension, unlike process.hrtime. */
export function systemClock(): Clock {
  const bootId = readBootId();
  const read = (): Moment => ({ bootId, uptimeSeconds: uptime(), wallMs: Date.now() });
  let [moment, readAtMs] = [read(), performance.now()];
  return () => {
    const nowMs = performance.now();
    if (nowMs - readAtMs >= RESOLUTION_MS) [moment, readAtMs] = [read(), nowMs];
    return moment;
  };
}

/**
 * Seconds from one moment to a later one. After a reboot only the wall clock is left; a clock that went back tells
 * nothing, and the answer is then infinite, so that whoever asks fails closed.
 */
export function secondsBetween(earlier: Moment, later: Moment): number {
  const seconds =
    earlier.bootId === later.bootId
      ? later.uptimeSeconds - earlier.uptimeSeconds
      : (later.wallMs - earlier.wallMs) / 1_000;
  return seconds >= 0 ? seconds : Number.POSITIVE_INFINITY;
}

function readBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    // Without one, every start of the process counts as a reboot.
    return `process-${process.pid}-${Date.now()}`;
  }
}
