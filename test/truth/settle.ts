import { setTimeout as pause } from 'node:timers/promises';
import { contradiction } from './judge.js';
import { type Flow, leadsSomewhere, textOf } from './model.js';
import { askStatus, askTest, dial, prove, unfoundedRegression } from './observe.js';
import type { Random } from './random.js';
import type { Asked, World } from './world.js';

/** With every fault undone and every process alive: the time until the system says so, and dials agree. */
export const SETTLE_BOUND_MS = 45_000;
const POLL_MS = 150;
const DIAL_MS = 3_000;
const TESTED = 2;

/** What is still wrong in the world; `wrong` never resolves with time. */
type Unwell = { readonly kind: 'wrong' | 'not-yet'; readonly why: string };

/**
 * Undoes everything, and waits until every network is SYNCED, every flow behaves as written, and `network test` says
 * so. Returns what is wrong if that does not happen within the bound, or a dial contradicts on the way; null: nothing.
 */
export async function settle(world: World, random: Random, step: number): Promise<string | null> {
  await world.faults.endAll();
  const deadline = performance.now() + SETTLE_BOUND_MS;
  for (;;) {
    const unwell = await lookAround(world, random, step);
    if (unwell === null) break;
    if (unwell.kind === 'wrong') return unwell.why;
    if (performance.now() > deadline) {
      return `${SETTLE_BOUND_MS / 1_000} s after everything was undone: ${unwell.why}`;
    }
    await pause(POLL_MS);
  }
  world.faults.recovered();
  world.isPutBack = false;
  return null;
}

async function lookAround(world: World, random: Random, step: number): Promise<Unwell | null> {
  if (!(await world.rig.isReady())) return notYet('the control plane is not ready');
  const refused = await world.settleWrites();
  if (refused !== null) return { kind: 'wrong', why: refused };
  if (!world.isCertain) return notYet('a write is not answered, or has no effect yet');
  const asked: Asked[] = [];
  for (const network of world.networks) {
    const status = await askStatus(world, network);
    if (status === null) return notYet(`there is no status of ${network}`);
    const unfounded = unfoundedRegression(world, status.statement);
    if (unfounded !== null) return { kind: 'wrong', why: unfounded };
    if (/: (SYNCED|EMPTY),/.test(status.statement.words)) asked.push(status);
    else if (/: EPOCH_REGRESSED,/.test(status.statement.words)) return startEpoch(world, status.statement.words);
    else return notYet(status.statement.words);
  }
  const flows = world.networks.flatMap((network) => world.flows(network));
  const sightings = await dial(world, flows, DIAL_MS);
  for (const sighting of sightings) {
    const { flow, expected, dialled } = sighting;
    const lost = world.proven.contradiction(flow, dialled);
    if (lost !== null) return { kind: 'wrong', why: lost };
    for (const { statement } of asked) {
      const found = contradiction(statement, sighting);
      if (found === null) continue;
      return dialled.kind === 'answered' ? { kind: 'wrong', why: found } : notYet(found);
    }
    if (expected.verdict === 'allow' && dialled.kind !== 'answered') {
      return notYet(`${textOf(flow)} is allowed, and its dial was not answered: ${dialled.why}`);
    }
  }
  for (const { statement } of asked) prove(world, statement, step);
  return testSome(world, random, flows);
}

/** `network test` says exactly that about flows that are allowed and answered, and about those that are denied. */
async function testSome(world: World, random: Random, flows: readonly Flow[]): Promise<Unwell | null> {
  const published = flows.filter((flow) => leadsSomewhere(world.model, flow));
  for (const [verdict, expect] of [
    ['allow', 'allow'],
    ['deny', 'deny'],
  ] as const) {
    const attached = published.filter(
      (flow) =>
        world.expected(flow).verdict === verdict && world.model.networks[flow.network]?.attached.includes(flow.source),
    );
    for (const flow of random.sample(attached, TESTED)) {
      const { words, contradiction: found } = await askTest(world, flow, `sandbox:${flow.source}`, expect);
      if (found !== null) return { kind: 'wrong', why: found };
      if (!words.includes('(exit 0')) return notYet(`${words}, and it is so`);
    }
  }
  return null;
}

/** The operator has seen the difference, and accepts the store's state. */
async function startEpoch(world: World, words: string): Promise<Unwell> {
  const { isStarted, output } = await world.operator.newEpoch();
  if (isStarted) world.epochStarted();
  return notYet(`${words}; gstacks admin new-epoch --yes: ${output}`);
}

function notYet(why: string): Unwell {
  return { kind: 'not-yet', why };
}
