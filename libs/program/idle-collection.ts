import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const LOOK_EVERY_MS = 5_000;
/**
 * Below this share of processor time since the last check, the main thread counts as idle. The event loop's own
 * utilisation is not used: it counts waiting for a processor as work, so on a busy machine it is never this low.
 */
const IDLE_BELOW = 0.1;
/** With less heap growth than this nothing is done: light work fills as much between two checks. */
const GROWN_BY_BYTES = 16 * 1_048_576;

const COMPACTING = { type: 'major', flavor: 'last-resort' } as const;

/**
 * Returns memory that a burst of work left behind. V8 collects garbage only when it needs room, so an idle process
 * would keep its garbage for ever. When the main thread is idle and the heap has grown, this runs a collection, which
 * takes some tens of milliseconds. An ordinary collection would free objects but keep the pages that still hold a few;
 * a collection of last resort compacts them and returns the pages.
 */
export function collectWhenIdle(): void {
  // The only way to ask V8 for a collection in a program that was started without flags.
  setFlagsFromString('--expose-gc');
  const collect: (options: typeof COMPACTING) => void = runInNewContext('gc');
  // Compiled code that is saved with other flags than those of a start is of no use to the next start.
  setFlagsFromString('--no-expose-gc');
  let lookedAtMs = performance.now();
  let workedMs = mainThreadMs();
  let settledBytes = 0;
  const look = () => {
    const [nowMs, nowWorkedMs] = [performance.now(), mainThreadMs()];
    const utilization = (nowWorkedMs - workedMs) / (nowMs - lookedAtMs);
    [lookedAtMs, workedMs] = [nowMs, nowWorkedMs];
    const bytes = getHeapStatistics().total_heap_size;
    if (utilization >= IDLE_BELOW || bytes < settledBytes + GROWN_BY_BYTES) return;
    collect(COMPACTING);
    settledBytes = getHeapStatistics().total_heap_size;
  };
  setInterval(look, LOOK_EVERY_MS).unref();
}

function mainThreadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}
