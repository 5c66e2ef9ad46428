import { readFileSync } from 'node:fs';
import { uptime } from 'node:os';

/**
 * A point in time by a clock that runs while the host is suspended, with what is needed to compare it after a reboot.
 */
export interface Moment {
  /** Id of the kernel's boot: uptimes of different boots cannot be compared. */
  readonly bootId: string;
  /** Seconds since the kernel started, including suspension (CLOCK_BOOTTIME). */
  readonly uptimeSeconds: number;
  readonly wallMs: number;
}

export type Clock = () => Moment;

/**
 * The resolution of /proc/uptime. Each flow asks for the time, and reading the file takes as long as judging a flow.
 */
const RESOLUTION_MS = 10;

/** The host's own clock. On Linux os.uptime reads /proc/uptime, which counts suspension; process.hrtime does not. */
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
 * Seconds from one moment to a later one. After a reboot only the wall clock is left; if that went back, the result is
 * infinite, so that callers fail closed.
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
    // Without a boot id, every start of the process counts as a reboot.
    return `process-${process.pid}-${Date.now()}`;
  }
}
