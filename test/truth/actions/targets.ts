import { SANDBOXES } from '../places.js';
import { told } from '../world.js';
import type { Action } from './action.js';

export const TARGET_FAULTS: readonly Action[] = [
  {
    name: 'target',
    weight: 6,
    choose(world, random) {
      const sandbox = random.pick(SANDBOXES);
      const where = random.pick(['loopback', 'nowhere'] as const);
      const fault = `${sandbox} listens ${where === 'loopback' ? 'on 127.0.0.1 alone' : 'nowhere'}`;
      if (world.faults.names().some((name) => name.startsWith(`${sandbox} listens`))) return null;
      const steps = 2 + random.below(5);
      return {
        text: fault,
        async run() {
          await world.rig.resident(sandbox).serve(where);
          world.faults.begin({
            name: fault,
            reach: { kind: 'sandbox', sandbox },
            process: null,
            steps,
            undo: async () => {
              await world.rig.resident(sandbox).serve('all');
            },
          });
          return told(fault);
        },
      };
    },
  },
];
