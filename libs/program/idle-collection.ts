import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const LOOK_EVERY_MS = 5_000;
/**
 * The part of the time since the last look for which the main thread had the processor. The event loop's own figure
 * counts the time in which it waits for a processor as work, so on a busy machine it never falls so low.
 */
const IDLE_BELOW = 0.1;
/** A heap that has grown by less is left alone: light work fills as much between two looks. */
const GROWN_BY_BYTES = 16 * 1_048_576;

const COMPACTING = { type: 'major', flavor: 'last-resort' } as const;

/**
 * Gives memory back that a burst of work has left behind. V8 collects when it needs room for more, so a process that
 * has nothing to do keeps its garbage for ever. While the main thread is idle and the heap has grown, it is collected
 * here, which takes some tens of milliseconds. An ordinary collection would free the objects and keep their pages, a
 * few of which in use here and there; that of last resort moves what is left together and gives the pages back.
 */
export function collectWhenIdle(): void {
  // The one way to ask V8 for a collection in a program that was started without flags.
  setFlagsFromString('--expose-gc');
  const collect: (options: typeof COMPACTING) => void = runInNewContext('gc');
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
