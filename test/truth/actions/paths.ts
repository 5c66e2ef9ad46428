import { HOSTS, type Host } from '../places.js';
import { told, type World } from '../world.js';
import type { Action } from './action.js';
import { kill } from './processes.js';

const BETWEEN = 'no way between the hosts';

export const PATH_FAULTS: readonly Action[] = [
  {
    name: 'blackhole-peers',
    weight: 4,
    choose(world, random) {
      if (world.faults.has(BETWEEN)) return null;
      const steps = 2 + random.below(4);
      return {
        text: BETWEEN,
        async run() {
          const [first, second] = HOSTS;
          const { rig } = world;
          await rig.blackhole(first, rig.addressOf(second));
          await rig.blackhole(second, rig.addressOf(first));
          world.faults.begin({
            name: BETWEEN,
            reach: { kind: 'between-hosts' },
            process: null,
            silences: [],
            steps,
            undo: async () => {
              await rig.clearBlackhole(first, rig.addressOf(second));
              await rig.clearBlackhole(second, rig.addressOf(first));
            },
          });
          return told(BETWEEN);
        },
      };
    },
  },
  {
    name: 'blackhole-control-plane',
    weight: 4,
    choose(world, random) {
      const hosts = random.chance(40) ? HOSTS : [random.pick(HOSTS)];
      const free = hosts.filter((host) => !world.faults.has(cutOffText(host)));
      if (free.length === 0) return null;
      const steps = 2 + random.below(6);
      return {
        text: free.map(cutOffText).join(', '),
        async run() {
          await cutOff(world, free, steps);
          return told(free.map(cutOffText).join(', '));
        },
      };
    },
  },
  {
    name: 'advertise',
    weight: 2,
    choose(world, random) {
      const host = random.pick(HOSTS);
      const name = `${host} advertises 0.0.0.0`;
      if (world.faults.has(name) || world.faults.disturbs(`agent-${host}`)) return null;
      const steps = 3 + random.below(4);
      return {
        text: name,
        async run() {
          const { rig } = world;
          const port = rig.meshEndpoint(host).split(':').at(-1);
          rig.setVariables(host, { GLOBALSTACKS_MESH_DIRECT_ADVERTISE: `0.0.0.0:${port}` });
          kill(world, `agent-${host}`);
          world.faults.begin({
            name,
            reach: { kind: 'agent', host },
            process: null,
            silences: [],
            steps,
            undo: async () => {
              rig.setVariables(host, {});
              kill(world, `agent-${host}`);
            },
          });
          return told(name);
        },
      };
    },
  },
];

/** These hosts can no longer reach the bus or the HTTP API, but still reach their peers. */
export async function cutOff(world: World, hosts: readonly Host[], steps: number): Promise<void> {
  const { rig, faults } = world;
  for (const host of hosts.filter((one) => !faults.has(cutOffText(one)))) {
    await rig.blackhole(host, rig.addressOf('machine'));
    faults.begin({
      name: cutOffText(host),
      reach: { kind: 'nothing' },
      process: null,
      silences: [host],
      steps,
      undo: () => rig.clearBlackhole(host, rig.addressOf('machine')),
    });
  }
}

function cutOffText(host: Host): string {
  return `${host} cut off from the control plane`;
}
