import { existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HOSTS, type Host } from '../places.js';
import { told, type World } from '../world.js';
import type { Action } from './action.js';
import { kill } from './processes.js';

/** Kills the agent and makes it restart from a truncated file. */
async function tear(world: World, host: Host, damage: () => void): Promise<void> {
  await world.rig.stopProcess(`agent-${host}`);
  damage();
  kill(world, `agent-${host}`);
}

export const TORN_FILES: readonly Action[] = [
  {
    name: 'torn-state',
    weight: 3,
    choose(world, random) {
      const host = random.pick(HOSTS);
      // If the only copy of what the store has lost is truncated, nobody knows of it any more.
      const files = world.isPutBack ? ['peers.json', 'contact.json'] : ['networks', 'peers.json', 'contact.json'];
      const file = random.pick(files);
      const half = random.chance(50);
      if (world.faults.disturbs(`agent-${host}`)) return null;
      return {
        text: `torn ${file} of ${host}`,
        async run() {
          const paths =
            file === 'networks' ? filesIn(world.rig.stateFile(host, 'networks')) : [world.rig.stateFile(host, file)];
          await tear(world, host, () => {
            for (const path of paths) cutShort(path, half);
          });
          return told(`torn ${file} of ${host}`);
        },
      };
    },
  },
  {
    name: 'torn-identity',
    weight: 2,
    choose(world, random) {
      const host = random.pick(HOSTS);
      const isOthers = random.chance(50);
      // The agent makes a new key, which must be certified before peers accept it.
      const needed = [`agent-${host}`, 'control-plane', 'postgres'] as const;
      if (needed.some((name) => world.faults.disturbs(name))) return null;
      return {
        text: `mesh.pem of ${host}`,
        async run() {
          const path = world.rig.stateFile(host, 'identity/mesh.pem');
          const other = HOSTS.find((one) => one !== host) ?? host;
          await tear(world, host, () => {
            const others = world.rig.stateFile(other, 'identity/mesh.pem');
            if (isOthers && existsSync(others)) writeFileSync(path, readFileSync(others));
            else cutShort(path, true);
          });
          return told(`mesh.pem of ${host} is ${isOthers ? `that of ${other}` : 'torn'}`);
        },
      };
    },
  },
];

function filesIn(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => join(folder, name));
}

function cutShort(path: string, half: boolean): void {
  if (!existsSync(path)) return;
  truncateSync(path, half ? Math.floor(readFileSync(path).length / 2) : 0);
}
