import { setTimeout as pause } from 'node:timers/promises';

/** Waits this many milliseconds, or until the signal is aborted, which is no error. */
export async function rest(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await pause(milliseconds, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
