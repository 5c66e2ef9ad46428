import { once } from 'node:events';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { inSpells } from './spells.js';

/**
 * Only uses CPU: as many seconds of it a second as each `go` says, for the main thread and for one other. A hostile
 * member has further threads too, so one thread alone would get less of a busy machine.
 */
const TURN_MS = 1;

let share = 0;
let beganMs = 0;
let usedBeforeMs = 0;
/** Called when what was due until the halt is used; null: not halted. */
let ended: (() => void) | null = null;
let haltedMs = 0;

/** Of this thread. */
function usedMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

function isBehind(): boolean {
  const untilMs = ended === null ? performance.now() : haltedMs;
  return usedMs() - usedBeforeMs < (untilMs - beganMs) * share;
}

function turn(): void {
  const until = performance.now() + TURN_MS;
  while (isBehind() && performance.now() < until);
  if (isBehind()) setImmediate(turn);
  else if (ended !== null) ended();
  else setTimeout(turn, TURN_MS);
}

function go(wanted: number): void {
  ended = null;
  share = wanted;
  [beganMs, usedBeforeMs] = [performance.now(), usedMs()];
  // Without work it does not even look at the time.
  if (share > 0) turn();
}

/** Like a hostile member on a busy machine, it may end a little after it is halted. */
function halt(): Promise<void> {
  haltedMs = performance.now();
  if (share === 0) return Promise.resolve();
  return new Promise((resolve) => {
    ended = resolve;
  });
}

if (isMainThread) {
  const other = new Worker(new URL(import.meta.url));
  inSpells({
    go: (how) => {
      const [main, others] = how.split(',').map(Number);
      other.postMessage(others);
      go(main ?? 0);
    },
    halt: async () => {
      other.postMessage(null);
      await Promise.all([halt(), once(other, 'message')]);
      return {};
    },
  });
} else {
  parentPort?.on('message', (wanted: number | null) => {
    if (wanted === null) void halt().then(() => parentPort?.postMessage(null));
    else go(wanted);
  });
}
