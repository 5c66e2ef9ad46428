import type { Reach } from '../faults.js';
import { HOSTS, type Host, PROCESSES, type Process } from '../places.js';
import { told, type World } from '../world.js';
import type { Action } from './action.js';

/** What the end or stop of a process impedes. */
export function reachOf(name: Process): Reach {
  const host = HOSTS.find((one): one is Host => name === `agent-${one}`);
  return host === undefined ? { kind: 'nothing' } : { kind: 'agent', host };
}

/** Kills a process; the supervisor restarts it. Returns its old pid, or null if it did not run. */
export function kill(world: World, name: Process): number | null {
  world.faults.happened(`the end of ${name}`, reachOf(name));
  return world.rig.signal(name, 'SIGKILL');
}

export const PROCESS_FAULTS: readonly Action[] = [
  {
    name: 'kill',
    weight: 7,
    choose(world, random) {
      const name = random.pick(PROCESSES);
      if (world.faults.disturbs(name)) return null;
      const canBeReady = !world.faults.disturbs('postgres') && !world.faults.disturbs('nats');
      const awaitsReadiness = name === 'control-plane' && canBeReady && random.chance(60);
      return {
        text: `kill -9 ${name}`,
        async run() {
          const pid = kill(world, name);
          if (awaitsReadiness) {
            await world.rig.runsAgain(name, pid);
            await world.rig.ready();
          }
          return told(`kill -9 ${name}`);
        },
      };
    },
  },
  {
    name: 'stop',
    weight: 6,
    choose(world, random) {
      const name = random.pick(PROCESSES);
      if (world.faults.disturbs(name) || world.faults.names().some((fault) => fault.startsWith('stopped'))) return null;
      const steps = 1 + random.below(name === 'control-plane' ? 2 : 3);
      return {
        text: `SIGSTOP ${name}`,
        async run() {
          const pid = await world.rig.stopProcess(name);
          if (pid === null) return told(`${name} does not run, and is not stopped`);
          world.faults.begin({
            name: `stopped ${name}`,
            reach: reachOf(name),
            process: name,
            silences: HOSTS.filter((host) => name === `agent-${host}`),
            steps,
            undo: async () => {
              if (world.rig.pid(name) === pid) world.rig.signal(name, 'SIGCONT');
            },
          });
          return told(`SIGSTOP ${name}`);
        },
      };
    },
  },
];
