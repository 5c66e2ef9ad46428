import { type Claim, lie, SIGNATURES } from '../liars.js';
import { hostsOf, textOf, type Write } from '../model.js';
import { HOST_OF, HOSTS } from '../places.js';
import type { Random } from '../random.js';
import { type Asked, told, type World } from '../world.js';
import type { Action } from './action.js';
import { cutOff } from './paths.js';

/** The highest number that a version or an epoch may have. */
const HIGHEST = 2_147_483_647;

interface Truth {
  readonly id: string;
  readonly version: number;
  readonly epoch: { readonly counter: number; readonly id: string };
}

/** False statements; none of them was signed by the control plane. */
interface Lie {
  readonly name: string;
  readonly claim: (truth: Truth, random: Random) => Partial<Claim>;
}

const PRESENT: Lie = { name: 'the present version, with another hash', claim: ({ version }) => ({ version }) };
const LIES: readonly Lie[] = [
  PRESENT,
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
      const { silent } = world.faults;
      // A silent agent cannot contradict a lie in its own name.
      const host = random.pick(silent.length > 0 && random.chance(70) ? silent : HOSTS);
      const own = world.networks.filter((network) => takesPart(world, network, host));
      const network = random.pick(own.length > 0 && random.chance(60) ? own : world.networks);
      const { name, claim } = silent.includes(host) && random.chance(50) ? PRESENT : random.pick(LIES);
      const manner = random.pick(['applied', 'applied', 'heartbeat'] as const);
      const signature = random.pick(SIGNATURES);
      const hash = inventedHash(random);
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
  {
    name: 'unheard-denial',
    weight: 3,
    choose(world, random) {
      if (!world.isCertain || world.faults.disturbs('nats') || world.faults.disturbs('control-plane')) return null;
      const allowed = world.networks
        .flatMap((network) => world.flows(network))
        .filter((flow) => world.expected(flow).verdict === 'allow');
      if (allowed.length === 0) return null;
      const flow = random.pick(allowed);
      const hosts = hostsOf(flow, world.expected(flow).target);
      const steps = 1 + random.below(3);
      const hash = inventedHash(random);
      return {
        text: `a denial of ${textOf(flow)} that its agents do not hear, and that is claimed for them`,
        async run() {
          await cutOff(world, hosts, steps);
          const { network, source, alias, port } = flow;
          const rule = { effect: 'deny', from: `sandbox:${source}`, to: alias, port } as const;
          const write: Write = { kind: 'add-rule', network, id: 'not answered', rule };
          const written = await world.write(write, { waits: true, waitSeconds: 0, byCommand: false });
          const truth = await world.operator.networkFacts(network);
          if (truth.kind !== 'done') return { ...written, text: `${written.text}; ${truth.words}` };
          const { id, version, epoch } = truth.value;
          const claim: Claim = { networkId: id, epoch, version, hash, signature: 'none' };
          const answers = await Promise.all(hosts.map((host) => lie(world.rig, host, 'applied', claim)));
          const text = `${written.text}; claimed by ${hosts.join(' and ')}, which cannot have heard it: ${answers.join('; ')}`;
          const again = () => world.operator.applied(network, version, null, 0);
          const said = await again();
          if (said.kind !== 'done') return { ...written, text };
          const asked: Asked = { statement: said.value, again, isOfAll: said.value.exitCode === 0 };
          return { ...written, text: `${text}; ${said.value.words}`, asked: [...written.asked, asked] };
        },
      };
    },
  },
];

function inventedHash(random: Random): string {
  return Array.from({ length: 64 }, () => random.below(16).toString(16)).join('');
}

function takesPart(world: World, network: string, host: string): boolean {
  return world.model.networks[network]?.attached.some((sandbox) => HOST_OF[sandbox] === host) === true;
}
