import { dialledAliases } from '../many-aliases.js';
import { aliasesOf, allows, isOutside, type Model, type NetworkModel, type Write } from '../model.js';
import {
  ALIASES,
  exitOf,
  NETWORKS,
  OUTSIDE_PORT,
  outsideNames,
  PUBLISHED,
  SANDBOXES,
  type Sandbox,
  TEAMS,
} from '../places.js';
import type { Random } from '../random.js';
import { writtenSelector } from '../selectors.js';
import type { World } from '../world.js';
import type { Action, Chosen } from './action.js';

const COMMANDS_PERCENT = 12;
/** How many of the rules are about names outside, and how many of these about every name below a domain. */
const OUTSIDE_PERCENT = 30;
const WILDCARD_PERCENT = 30;

/** What an operator writes; most of it is waited for, some of it by the command itself. */
export const WRITES: readonly Action[] = [
  row('allow', 16, (world, random) => rule(world, random, 'allow')),
  row('deny', 16, (world, random) => rule(world, random, 'deny')),
  row('remove-rule', 10, (world, random) => {
    const found = inSomeNetwork(world, random, ({ rules }) => Object.entries(rules).toSorted());
    if (found === null) return null;
    const [id, { to }] = found.item;
    return { kind: 'remove-rule', network: found.network, id, isOutside: isOutside(to) };
  }),
  row('repeat-rule', 3, (world, random) => {
    const found = inSomeNetwork(world, random, ({ rules, aliases }) =>
      Object.values(rules).filter(({ to }) => isOutside(to) || to in aliases),
    );
    return found === null ? null : { kind: 'add-rule', network: found.network, id: 'repeated', rule: found.item };
  }),
  row('attach', 6, (world, random) => {
    const found = inSomeNetwork(world, random, ({ attached }) => SANDBOXES.filter((one) => !attached.includes(one)));
    if (found === null) return null;
    const { network, item: sandbox } = found;
    const free = freeAliases(world, network);
    const publishes = free.length === 0 || random.chance(30) ? null : publication(random, free);
    return { kind: 'attach', network, sandbox, publishes };
  }),
  row('detach', 4, (world, random) => {
    const found = inSomeNetwork(world, random, ({ attached }) => (attached.length > 2 ? attached : []));
    return found === null ? null : { kind: 'detach', network: found.network, sandbox: found.item };
  }),
  row('publish', 6, (world, random) => {
    const found = inSomeNetwork(world, random, ({ attached }) => attached);
    if (found === null) return null;
    const { network, item: sandbox } = found;
    const free = freeAliases(world, network);
    return free.length === 0 ? null : { kind: 'publish', network, sandbox, ...publication(random, free) };
  }),
  row('unpublish', 4, (world, random) => {
    const found = inSomeNetwork(world, random, dialledAliases);
    return found === null ? null : { kind: 'unpublish', network: found.network, alias: found.item };
  }),
  row('label', 4, (_world, random) => {
    const value = random.chance(25) ? null : random.pick(TEAMS);
    return { kind: 'label', sandbox: random.pick(SANDBOXES), key: 'team', value };
  }),
  row('create', 4, (world, random) => {
    const missing = NETWORKS.filter((name) => !world.networks.includes(name));
    return missing.length === 0 ? null : { kind: 'create', network: random.pick(missing) };
  }),
  row('delete', 1, (world, random) =>
    world.networks.length < 2 ? null : { kind: 'delete', network: random.pick(world.networks) },
  ),
];

/** A write whose effect is fully known before it is made. */
function row(name: string, weight: number, choose: (world: World, random: Random) => Write | null): Action {
  return {
    name,
    weight,
    choose: (world, random): Chosen | null => {
      const isHeard = !world.faults.disturbs('control-plane') && !world.faults.disturbs('postgres');
      if (!world.isCertain || (!isHeard && random.chance(70))) return null;
      const write = choose(world, random);
      if (write === null) return null;
      const { isCalm, silent } = world.faults;
      const manner = {
        waits: random.chance(75),
        // Silent agents do not answer within any time.
        waitSeconds: isCalm ? 5 : random.chance(silent.length > 0 ? 80 : 40) ? 0 : 1,
        byCommand: random.chance(COMMANDS_PERCENT),
      };
      return { text: name, run: () => world.write(write, manner) };
    },
  };
}

/** Denies what is allowed now and in the copy of the database: a restored copy would lack the denial. */
export function denialAfterCopy(world: World, random: Random, copy: Model): Chosen | null {
  const { faults } = world;
  const isHeard = !faults.disturbs('control-plane') && !faults.disturbs('postgres') && faults.silent.length === 0;
  if (!world.isCertain || !isHeard) return null;
  const allowed = world.networks
    .flatMap((network) => world.flows(network))
    .filter((flow) => allows(world.model, flow) && allows(copy, flow));
  if (allowed.length === 0) return null;
  const { network, source, alias: to, port } = random.pick(allowed);
  const rule = { effect: 'deny', from: `sandbox:${source}`, to, port } as const;
  const write: Write = { kind: 'add-rule', network, id: 'not answered', rule };
  const manner = { waits: true, waitSeconds: 5, byCommand: random.chance(50) };
  return { text: 'deny after the copy', run: () => world.write(write, manner) };
}

/** A rule about something published or outside, preferably one that changes the present verdict. */
function rule(world: World, random: Random, effect: 'allow' | 'deny'): Write | null {
  const held = world.heldFlows().filter((flow) => allows(world.model, flow));
  if (effect === 'deny' && held.length > 0 && random.chance(60)) {
    const { network, source, alias: to, port } = random.pick(held);
    const from = selector(world, random, network, [source]);
    return { kind: 'add-rule', network, id: 'not answered', rule: { effect, from, to, port } };
  }
  if (world.networks.length > 0 && random.chance(OUTSIDE_PERCENT)) return outsideRule(world, random, effect);
  const found = inSomeNetwork(world, random, dialledAliases);
  if (found === null) return null;
  const { network, item: to } = found;
  const port = random.pick(world.model.networks[network]?.aliases[to]?.ports ?? []);
  const changing = SANDBOXES.filter(
    (source) => allows(world.model, { network, source, alias: to, port }) === (effect === 'deny'),
  );
  const from = selector(world, random, network, random.chance(80) && changing.length > 0 ? changing : SANDBOXES);
  return { kind: 'add-rule', network, id: 'not answered', rule: { effect, from, to, port } };
}

function outsideRule(world: World, random: Random, effect: 'allow' | 'deny'): Write {
  const network = random.pick(world.networks);
  const name = random.pick(outsideNames(network));
  const to = exitOf(name) === null && random.chance(WILDCARD_PERCENT) ? `*.${network}.example.com` : name;
  const changing = SANDBOXES.filter(
    (source) => allows(world.model, { network, source, alias: name, port: OUTSIDE_PORT }) === (effect === 'deny'),
  );
  const from = selector(world, random, network, random.chance(80) && changing.length > 0 ? changing : SANDBOXES);
  return { kind: 'add-rule', network, id: 'not answered', rule: { effect, from, to, port: OUTSIDE_PORT } };
}

function selector(world: World, random: Random, network: string, sources: readonly Sandbox[]): string {
  const source = random.pick(sources);
  const aliases = aliasesOf(world.model.networks[network], source);
  return writtenSelector({ sandbox: source, aliases }, random);
}

function inSomeNetwork<T>(
  world: World,
  random: Random,
  itemsOf: (network: NetworkModel) => readonly T[],
): { readonly network: string; readonly item: T } | null {
  const candidates = world.networks.flatMap((name) => {
    const network = world.model.networks[name];
    const items = network === undefined ? [] : itemsOf(network);
    return items.length === 0 ? [] : [{ name, items }];
  });
  if (candidates.length === 0) return null;
  const { name, items } = random.pick(candidates);
  return { network: name, item: random.pick(items) };
}

function freeAliases(world: World, network: string): readonly string[] {
  const { aliases = {} } = world.model.networks[network] ?? {};
  return ALIASES.filter((alias) => !(alias in aliases));
}

function publication(random: Random, free: readonly string[]): { alias: string; ports: readonly number[] } {
  const ports = PUBLISHED.map(({ published }) => published);
  return { alias: random.pick(free), ports: random.chance(60) ? ports : [random.pick(ports)] };
}
