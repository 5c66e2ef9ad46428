import { setTimeout as pause } from 'node:timers/promises';

/** At least this, and as long as the probe itself took, since a probe may start a process. */
const POLL_MS = 10;
/** The longer a wait has taken, the less often it polls, so that waiting takes little CPU from concurrent work. */
const SHARE_OF_THE_WAIT = 1 / 20;
const MAX_POLL_MS = 250;

/**
 * Polls until the probe returns something other than undefined or false; at the deadline it fails and names the
 * condition.
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
