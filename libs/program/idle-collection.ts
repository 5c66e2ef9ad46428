import { performance } from 'node:perf_hooks';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const LOOK_EVERY_MS = 5_000;
/** The part of the time since the last look in which the event loop worked. */
const IDLE_BELOW = 0.1;
/** A heap that has grown by less is left alone. */
const GROWN_BY = 1.2;
const GROWN_BY_BYTES = 4 * 1_048_576;

/**
 * Gives memory back that a burst of work has left behind. V8 collects when it needs room for more, so a process that has
 * nothing to do keeps its garbage for ever. While the event loop is idle and the heap has grown, it is collected here,
 * which takes some tens of milliseconds.
 */
export function collectWhenIdle(): void {
  // The one way to ask V8 for a collection in a program that was started without flags.
  setFlagsFromString('--expose-gc');
  const collect: (options: { readonly type: 'major' }) => void = runInNewContext('gc');
  let seen = performance.eventLoopUtilization();
  let settledBytes = 0;
  const look = () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, seen);
    seen = now;
    const bytes = getHeapStatistics().total_heap_size;
    if (utilization >= IDLE_BELOW || bytes < settledBytes * GROWN_BY + GROWN_BY_BYTES) return;
    collect({ type: 'major' });
    settledBytes = getHeapStatistics().total_heap_size;
  };
  setInterval(look, LOOK_EVERY_MS).unref();
}
