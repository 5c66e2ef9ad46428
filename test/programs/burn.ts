import { inSpells } from './spells.js';

/** Uses the share of one core that its argument says, 0 to 1 or more for several threads' worth, and nothing else. */
const share = Number(process.argv[2]);
const TURN_MS = 5;

let isRunning = false;

function turn(): void {
  if (!isRunning) return;
  const until = performance.now() + TURN_MS * Math.min(share, 1);
  while (performance.now() < until);
  setTimeout(turn, TURN_MS * Math.max(0, 1 - share));
}

inSpells({
  go: () => {
    isRunning = true;
    turn();
  },
  halt: () => {
    isRunning = false;
    return {};
  },
});
