import { inSpells } from './spells.js';

/** Only uses CPU: as many seconds of it a second as each `go` says, as far as one thread can. */
const TURN_MS = 1;

let isRunning = false;
let share = 0;
let beganMs = 0;
let usedBeforeMs = 0;

function usedMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

function turn(): void {
  if (!isRunning) return;
  const due = (performance.now() - beganMs) * share;
  const until = performance.now() + TURN_MS;
  while (usedMs() - usedBeforeMs < due && performance.now() < until);
  if (usedMs() - usedBeforeMs < due) setImmediate(turn);
  else setTimeout(turn, TURN_MS);
}

inSpells({
  go: (how) => {
    isRunning = true;
    share = Number(how);
    [beganMs, usedBeforeMs] = [performance.now(), usedMs()];
    turn();
  },
  halt: () => {
    isRunning = false;
    return {};
  },
});
