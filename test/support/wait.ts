import { setTimeout as pause } from 'node:timers/promises';

const POLL_MS = 10;

/** Polls until the probe gives something other than undefined or false; fails, naming the condition, at the deadline. */
export async function waitFor<T>(
  condition: string,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  deadlineMs = 10_000,
): Promise<T> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const seen = await probe();
    if (seen !== undefined && seen !== false) return seen;
    if (performance.now() > deadline) throw new Error(`not within ${deadlineMs} ms: ${condition}`);
    await pause(POLL_MS);
  }
}
