import { HOSTS } from '../places.js';
import { told, type World } from '../world.js';
import type { Action, Chosen } from './action.js';
import { cutOff } from './paths.js';
import { kill } from './processes.js';

/** A copy of the database's files, made while everything runs. */
export const LIVE = 'live_copy';
/** A copy of the data folder of the stopped stack. */
const FOLDER = 'folder copy';
/** The copy of the running database that is in the copied folder, together with the database itself. */
const LIVE_IN_FOLDER = 'live copy in the folder copy';

/** A new start of the control plane would be ready, and no write waits for an answer. */
function isCalmRecord(world: World): boolean {
  return (
    world.isCertain && !(['postgres', 'nats', 'control-plane'] as const).some((name) => world.faults.disturbs(name))
  );
}

async function putBackLive(world: World): Promise<void> {
  const model = world.copies.get(LIVE);
  if (model === undefined) throw new Error('there is no copy');
  await world.rig.putBack(LIVE);
  world.putBack(model);
}

export const RECORD_FAULTS: readonly Action[] = [
  {
    name: 'backup',
    weight: 4,
    choose: (world) =>
      isCalmRecord(world) && !world.isPutBack
        ? {
            text: 'backup',
            async run() {
              await world.rig.copyDatabase(LIVE);
              world.copies.set(LIVE, world.model);
              world.changedSince.clear();
              return told('a copy of the database');
            },
          }
        : null,
  },
  {
    name: 'restore',
    weight: 3,
    choose: (world) =>
      isCalmRecord(world) && world.copies.has(LIVE)
        ? {
            text: 'restore',
            async run() {
              await putBackLive(world);
              return told('the copy of the database put back, the control plane started again');
            },
          }
        : null,
  },
  {
    name: 'restore-write-kill',
    weight: 2,
    choose(world, random) {
      if (!isCalmRecord(world) || !world.copies.has(LIVE)) return null;
      const writes = 3 + random.below(12);
      const draw = random.below(1_000);
      const unheard = random.chance(50) ? HOSTS : [];
      const steps = 1 + random.below(3);
      return {
        text: 'restore, writes, kill',
        async run() {
          await cutOff(world, unheard, steps);
          await putBackLive(world);
          const written = await writeMuch(world, writes, draw);
          const pid = kill(world, 'control-plane');
          await world.rig.runsAgain('control-plane', pid);
          await world.rig.ready();
          return told(
            `${unheard.length > 0 ? 'hosts cut off, ' : ''}the copy put back, ${written} writes, control plane killed and back`,
          );
        },
      };
    },
  },
];

/** Writes without effect that raise a network's version; returns how many the control plane accepted. */
async function writeMuch(world: World, count: number, draw: number): Promise<number> {
  const forgotten = new Set(world.proven.forgottenBy(world.model).map(({ network }) => network));
  const changed = world.networks.filter((name) => world.changedSince.has(name));
  const [candidates = []] = [[...forgotten], changed, world.networks].filter((networks) => networks.length > 0);
  const network = candidates[draw % candidates.length];
  let taken = 0;
  for (let n = 0; n < count; n += 1) {
    const sandbox = network === undefined ? undefined : world.model.networks[network]?.attached[0];
    if (network === undefined || sandbox === undefined || !world.isCertain) break;
    const isThere = 'filler' in (world.model.networks[network]?.aliases ?? {});
    const write = isThere
      ? ({ kind: 'unpublish', network, alias: 'filler' } as const)
      : ({ kind: 'publish', network, alias: 'filler', sandbox, ports: [7_000] } as const);
    const outcome = await world.write(write, { waits: false, waitSeconds: 0, byCommand: false });
    if (outcome.text.includes(': version ')) taken += 1;
  }
  return taken;
}

/** Stops the stack, copies its data folder, and starts it again. */
export function copyOfStoppedStack(world: World): Chosen {
  return {
    text: 'stop, copy, start',
    async run() {
      await withStackStopped(world, () => world.rig.copyDataFolder('aside'));
      world.copies.set(FOLDER, world.model);
      copyEntry(world.copies, LIVE, LIVE_IN_FOLDER);
      return told('stack stopped, its data folder copied, started again');
    },
  };
}

/** Stops the stack, restores the copy of its data folder, and starts it again. */
export function stoppedStackPutBack(world: World): Chosen | null {
  const model = world.copies.get(FOLDER);
  if (model === undefined) return null;
  return {
    text: 'stop, put back, start',
    async run() {
      await withStackStopped(world, () => world.rig.copyDataFolder('back'));
      world.putBack(model);
      copyEntry(world.copies, LIVE_IN_FOLDER, LIVE);
      return told('stack stopped, the copy of its data folder put back, started again');
    },
  };
}

function copyEntry<T>(map: Map<string, T>, from: string, to: string): void {
  const value = map.get(from);
  if (value === undefined) map.delete(to);
  else map.set(to, value);
}

async function withStackStopped(world: World, work: () => Promise<void>): Promise<void> {
  await world.faults.endAll();
  await world.rig.ready();
  await world.settleWrites();
  world.forgetHeld();
  await world.rig.stopStack();
  await work();
  await world.rig.startStackAgain();
  world.faults.happened('a start of everything', { kind: 'everything' });
}
