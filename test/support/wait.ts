import { setTimeout as pause } from 'node:timers/promises';

/** At least; and as long as the probe itself took, since a probe may start a process. */
const POLL_MS = 10;

/** Polls until the probe gives something other than undefined or false; fails, naming the condition, at the deadline. */
export async function waitFor<T>(
  condition: string,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  deadlineMs = 10_000,
): Promise<T> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const began = performance.now();
    const seen = await probe();
    if (seen !== undefined && seen !== false) return seen;
    const now = performance.now();
    if (now > deadline) throw new Error(`not within ${deadlineMs} ms: ${condition}`);
    await pause(Math.max(POLL_MS, now - began));
  }
}
