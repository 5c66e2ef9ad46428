import type { InventoryMessage } from '#libs/contracts/bus/from-member/inventory.js';
import { LinkRig } from '#test/support/link-rig.js';
import { usageOf, usageText } from '#test/support/usage.js';
import { waitFor } from '#test/support/wait.js';
import { type BenchRow, median } from '../report.js';

const LINKS = 500;
const FEW = 10;
const AT_ONCE = 16;
const ROUNDS = 25;
const IDLE_SECONDS = 60;
const WITHIN_MS = 120_000;

/** The driver `link` with 500 interfaces: how fast its local API accepts them, and what they cost while idle. */
export async function benchLinks(): Promise<readonly BenchRow[]> {
  const rig = await LinkRig.make({ GLOBALSTACKS_AGENT_SANDBOXES: '', GLOBALSTACKS_LOG_LEVEL: 'warn' });
  try {
    const began = performance.now();
    await rig.makeInterfaces(LINKS + ROUNDS);
    const madePerSecond = ((LINKS + ROUNDS) / (performance.now() - began)) * 1_000;
    rig.agent.start();
    await waitFor('the agent reports', () => rig.inventory !== undefined, WITHIN_MS);
    const none = usageText(await usageOf(rig.agent.pid, IDLE_SECONDS / 3));

    await putAll(rig, 0, FEW);
    const withFew = await oneMs(rig);
    const begun = performance.now();
    await putAll(rig, FEW, LINKS);
    const servedPerSecond = ((LINKS - FEW) / (performance.now() - begun)) * 1_000;
    await waitFor('all are reported', () => rig.inventory?.sandboxes.length === LINKS, WITHIN_MS);
    const reportedPerSecond = ((LINKS - FEW) / (performance.now() - begun)) * 1_000;
    await waitFor('all were tried', () => wereTried(rig.inventory), 10 * WITHIN_MS);
    const withMany = await oneMs(rig);
    const idle = usageText(await usageOf(rig.agent.pid, IDLE_SECONDS));
    return [
      {
        work: `link: served by the local API, ${AT_ONCE} requests at once, ${LINKS} links`,
        budget: '-',
        measured: `${Math.round(servedPerSecond)}/s, reported ${Math.round(reportedPerSecond)}/s`,
        peer: `ip makes ${Math.round(madePerSecond)}/s in one batch`,
      },
      {
        work: `link: one PUT after the other, with ${LINKS} links, p50`,
        budget: `1.5x of that with ${FEW}`,
        measured: `${withMany.toFixed(1)} ms (${(withMany / withFew).toFixed(2)}x)`,
        peer: `with ${FEW} links ${withFew.toFixed(1)} ms`,
      },
      { work: `link: an agent with ${LINKS} idle links`, budget: '-', measured: idle, peer: `without any: ${none}` },
    ];
  } finally {
    await rig.close();
  }
}

async function putAll(rig: LinkRig, first: number, end: number): Promise<void> {
  let next = first;
  const putOn = async (): Promise<void> => {
    while (next < end) {
      next += 1;
      await rig.putMany(next - 1);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, putOn));
}

/** The median time of a PUT of links that come and go while the others stay. */
async function oneMs(rig: LinkRig): Promise<number> {
  const waits: number[] = [];
  for (let number = LINKS; number < LINKS + ROUNDS; number += 1) {
    const begun = performance.now();
    await rig.putMany(number);
    waits.push(performance.now() - begun);
    await rig.deleteMany(number);
  }
  return median(waits);
}

/** Each sandbox's isolation is tested when it appears, which takes a while for many. */
export function wereTried(inventory: InventoryMessage | undefined): boolean {
  return inventory?.sandboxes.every(({ isolationEvidence }) => isolationEvidence !== null) === true;
}
