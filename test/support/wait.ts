import { setTimeout as pause } from 'node:timers/promises';

/** At least; and as long as the probe itself took, since a probe may start a process. */
const POLL_MS = 10;
/** What has been waited for long is asked for less often, so that waiting takes little from what runs beside it. */
const SHARE_OF_THE_WAIT = 1 / 20;
const MAX_POLL_MS = 250;

/**
 * Polls until the probe gives something other than undefined or false; fails, naming the condition, at the deadline.
 */
export async function waitFor<T>(
  condition: string,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  deadlineMs = 10_000,
): Promise<T> {
  const start = performance.now();
  for (;;) {
    const began = performance.now();
    const seen = await probe();
    if (seen !== undefined && seen !== false) return seen;
    const now = performance.now();
    const left = start + deadlineMs - now;
    if (left < 0) throw new Error(`not within ${deadlineMs} ms: ${condition}`);
    const rare = Math.min((now - start) * SHARE_OF_THE_WAIT, MAX_POLL_MS);
    await pause(Math.min(Math.max(POLL_MS, now - began, rare), Math.max(left, POLL_MS)));
  }
}
