import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Action } from './actions/action.js';
import { ACTIONS } from './actions/table.js';
import { fill } from './many-aliases.js';
import { observe } from './observe.js';
import { Plan, type PlannedStep } from './plan.js';
import { type Random, randomOf } from './random.js';
import { Rig } from './rig.js';
import { firstNetworks } from './set-up.js';
import { settle } from './settle.js';
import { told, World } from './world.js';

export interface SequenceSettings {
  readonly seed: number;
  readonly steps: number;
  /** Every network with attached sandboxes is filled up to so many aliases, at the start and when all is undone. */
  readonly aliases: number;
  /** Names of actions; null: all. */
  readonly only: readonly string[] | null;
  /** Continues after contradictions that match, which are known; null: after none. */
  readonly past: RegExp | null;
  /** Called at the end of each step: what was done, and what was stated. */
  readonly onStep: (step: Step) => void;
  /** After a contradiction the processes' logs are copied into this folder; null: they are not kept. */
  readonly keep: string | null;
  /** When aborted, the sequence ends after its present step, and leaves nothing behind. */
  readonly signal: AbortSignal;
}

export interface Step {
  readonly step: number;
  /** Its row in the table of actions. */
  readonly action: string;
  readonly text: string;
  readonly said: readonly string[];
  /** Since the step before. */
  readonly tookMs: number;
}

export interface SequenceReport {
  readonly steps: number;
  /** The contradiction; null: statements and dials agreed to the end. */
  readonly contradiction: string | null;
}

const SETTLE_EVERY = 25;
const TRIES = 12;

/** One sequence of steps against a separate stack, until a statement and a dial contradict each other. */
export async function runSequence(settings: SequenceSettings): Promise<SequenceReport> {
  const folder = mkdtempSync(join(tmpdir(), 'gs-truth-'));
  let rig: Rig | null = null;
  let step = 0;
  const report = (contradiction: string | null): SequenceReport => {
    if (contradiction !== null && settings.keep !== null && rig !== null) {
      cpSync(join(rig.stack.home, 'logs'), join(settings.keep, `logs-${settings.seed}`), { recursive: true });
    }
    return { steps: step, contradiction };
  };
  let toldAt = performance.now();
  const tell = (action: string, text: string, said: readonly string[] = []): void => {
    const tookMs = Math.round(performance.now() - toldAt);
    toldAt = performance.now();
    settings.onStep({ step, action, text, said, tookMs });
  };
  try {
    rig = await Rig.start(folder);
    const world = new World(rig, settings.aliases);
    const plan = new Plan(settings.only);
    await firstNetworks(world);
    for (; step < settings.steps && !settings.signal.aborted; step += 1) {
      const random = randomOf(settings.seed, step);
      for (const name of world.faults.tick()) {
        await world.faults.end(name);
        tell('undo', `undone: ${name}`);
      }
      const refused = await world.settleWrites();
      if (isNews(refused, settings)) return report(refused);
      if (step % SETTLE_EVERY === 0) {
        const found = await settle(world, random, step);
        tell('settle', 'everything undone');
        if (isNews(found, settings)) return report(found);
        for (const text of await fill(world)) tell('fill', text);
      }
      const { name, chosen } = plan.next(world, random, step) ?? choose(world, random, settings);
      const heldBefore = await world.ping();
      const outcome = await chosen.run();
      const seen = await observe(world, random, step, outcome, heldBefore);
      tell(name, outcome.text, seen.lines);
      if (isNews(seen.contradiction, settings)) return report(seen.contradiction);
    }
    return report(settings.signal.aborted ? null : await settle(world, randomOf(settings.seed, step), step));
  } catch (error) {
    if (settings.signal.aborted) return report(null);
    return report(error instanceof Error ? (error.stack ?? error.message) : String(error));
  } finally {
    // The contradiction matters more than an error of the clean-up.
    await rig?.stop().catch((error: unknown) => process.stderr.write(`after the sequence: ${String(error)}\n`));
    rmSync(folder, { recursive: true, force: true });
  }
}

function isNews(found: string | null, { past }: SequenceSettings): boolean {
  return found !== null && past?.test(found) !== true;
}

function choose(world: World, random: Random, { only }: SequenceSettings): PlannedStep {
  const table = only === null ? ACTIONS : ACTIONS.filter(({ name }) => only.includes(name));
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const action = weighted(table, random);
    const chosen = action.choose(world, random);
    if (chosen !== null) return { name: action.name, chosen };
  }
  return { name: 'nothing', chosen: { text: 'nothing', run: async () => told('nothing') } };
}

function weighted(table: readonly Action[], random: Random): Action {
  const total = table.reduce((sum, { weight }) => sum + weight, 0);
  let left = random.below(total);
  for (const action of table) {
    left -= action.weight;
    if (left < 0) return action;
  }
  throw new RangeError('a table without actions');
}
