import { HOSTS } from '../places.js';
import { told } from '../world.js';
import type { Action } from './action.js';
import { kill } from './processes.js';

const PROCESSES_WITH_CLOCKS = ['agent-host-a', 'agent-host-b', 'control-plane'] as const;
const OFFSETS = ['+2h', '-2h', '+90s', '-90s', '+400d'] as const;

export const CLOCK_FAULTS: readonly Action[] = [
  {
    name: 'clock',
    weight: 4,
    choose(world, random) {
      const name = random.pick(PROCESSES_WITH_CLOCKS);
      const fault = `clock of ${name}`;
      if (world.faults.names().some((one) => one.startsWith('clock')) || world.faults.disturbs(name)) return null;
      const offset = random.pick(OFFSETS);
      const restarts = random.chance(50);
      const steps = 2 + random.below(5);
      const host = HOSTS.find((one) => name === `agent-${one}`);
      return {
        text: `${fault} ${offset}`,
        async run() {
          world.rig.setClock(name, offset);
          world.faults.begin({
            name: fault,
            reach: host === undefined ? { kind: 'between-hosts' } : { kind: 'agent', host },
            process: null,
            silences: [],
            steps,
            undo: async () => world.rig.setClock(name, '+0'),
          });
          if (restarts) kill(world, name);
          return told(`${fault} ${offset}${restarts ? ', and kill -9' : ''}`);
        },
      };
    },
  },
];
