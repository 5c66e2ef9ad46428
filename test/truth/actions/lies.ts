import { type Claim, lie, SIGNATURES } from '../liars.js';
import { HOST_OF, HOSTS } from '../places.js';
import type { Random } from '../random.js';
import { told, type World } from '../world.js';
import type { Action } from './action.js';

/** The highest number that a version or an epoch may have. */
const HIGHEST = 2_147_483_647;

interface Truth {
  readonly id: string;
  readonly version: number;
  readonly epoch: { readonly counter: number; readonly id: string };
}

/** What is said beside the truth; none of it is anything that the control plane has signed. */
const LIES: readonly { readonly name: string; readonly claim: (truth: Truth, random: Random) => Partial<Claim> }[] = [
  { name: 'the present version, with another hash', claim: ({ version }) => ({ version }) },
  { name: 'the next versions', claim: ({ version }, random) => ({ version: version + 1 + random.below(3) }) },
  { name: 'version 5000', claim: () => ({ version: 5_000 }) },
  { name: 'the highest version', claim: () => ({ version: HIGHEST }) },
  {
    name: 'the highest epoch',
    claim: ({ version }) => ({ version, epoch: { counter: HIGHEST, id: 'an epoch of my own' } }),
  },
  {
    name: 'another epoch of the same counter',
    claim: ({ version, epoch }) => ({ version, epoch: { ...epoch, id: 'another store' } }),
  },
  {
    name: 'a network that is not there',
    claim: () => ({ networkId: '00000000-0000-4000-8000-000000000000', version: 7 }),
  },
];

export const LYING: readonly Action[] = [
  {
    name: 'lie',
    weight: 6,
    choose(world, random) {
      if (world.networks.length === 0 || world.faults.disturbs('nats') || world.faults.disturbs('control-plane')) {
        return null;
      }
      const network = random.pick(world.networks);
      const host = random.pick(HOSTS);
      const { name, claim } = random.pick(LIES);
      const manner = random.pick(['applied', 'applied', 'heartbeat'] as const);
      const signature = random.pick(SIGNATURES);
      const hash = Array.from({ length: 64 }, () => random.below(16).toString(16)).join('');
      return {
        text: `${host} claims ${name} of ${network}`,
        async run() {
          const truth = await world.operator.networkFacts(network);
          if (truth.kind !== 'done') return told(`no lie: ${truth.words}`);
          const { id, version, epoch } = truth.value;
          const whole = { networkId: id, epoch, version, hash, signature, ...claim(truth.value, random) };
          const answer = await lie(world.rig, host, manner, whole);
          const part = takesPart(world, network, host) ? '' : ', of which it has no part,';
          return told(
            `${host} claims ${name} of ${network}${part} by ${manner}, signature ${signature}: ${answer}`,
            network,
          );
        },
      };
    },
  },
];

function takesPart(world: World, network: string, host: string): boolean {
  return world.model.networks[network]?.attached.some((sandbox) => HOST_OF[sandbox] === host) === true;
}
