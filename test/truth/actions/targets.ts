import { nameOf } from '../model.js';
import { SANDBOXES } from '../places.js';
import { FLOWS_PER_SANDBOX } from '../rig.js';
import { told } from '../world.js';
import type { Action } from './action.js';

/** Connections that are not counted among the cuts of a write. */
export const AT_ITS_LIMIT = 'has as many connections as it may';

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
            silences: [],
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
  {
    name: 'flow-limit',
    weight: 3,
    choose(world, random) {
      const candidates = world.networks
        .flatMap((network) => world.flows(network))
        .filter((flow) => world.expected(flow).verdict === 'allow' && world.obstacle(flow) === null);
      if (candidates.length === 0 || world.faults.names().some((name) => name.endsWith(AT_ITS_LIMIT))) return null;
      const flow = random.pick(candidates);
      const fault = `${flow.source} ${AT_ITS_LIMIT}`;
      const steps = 1 + random.below(3);
      return {
        text: fault,
        async run() {
          const resident = world.rig.resident(flow.source);
          const open = await resident.crowd(nameOf(flow), flow.port, FLOWS_PER_SANDBOX);
          world.faults.begin({
            name: fault,
            reach: { kind: 'sandbox', sandbox: flow.source },
            process: null,
            silences: [],
            steps,
            undo: async () => {
              await resident.disperse();
            },
          });
          return told(`${fault}, with ${open} connections more`);
        },
      };
    },
  },
];
