import fc from 'fast-check';
import { parseAliasName, parseLocalNodeId, parseSandboxId, parseUserName } from '#libs/contracts/ids.js';
import { parseSelector, type Selector } from '#libs/contracts/selectors.js';
import type { NetworkEvent } from '#libs/domain/network/events.js';
import { evolveNetworkThrough } from '#libs/domain/network/state.js';
import type { FlowQuestion, FlowSource, Topology } from '#libs/policy/model.js';
import {
  aliasRemoved,
  attached,
  created,
  detached,
  egressRule,
  egressRuleRemoved,
  labelled,
  placed,
  portsChanged,
  published,
  rule,
  ruleExpired,
  ruleRemoved,
} from './network-events.js';

/** Few names, so that events concern the same elements: most faults need two events about one element. */
const SANDBOXES = ['sbx-1', 'sbx-2', 'sbx-3', 'sbx-4'] as const;
const ALIASES = ['api', 'web', 'postgres'] as const;
const USERS = ['ada', 'bob'] as const;
const LABEL_KEYS = ['tier', 'team', 'constructor'] as const;
const LABEL_VALUES = ['web', 'db'] as const;
export const sandboxName = fc.constantFrom(...SANDBOXES);
export const agentName = fc.constantFrom('host-a', 'host-b', 'host-c');
export const aliasName = fc.constantFrom(...ALIASES);
export const portNumber = fc.constantFrom(80, 8080);
const ruleName = fc.constantFrom('0001', '0002', '0003', '0004', '0005', '0006', '0007', '0008');

export const labels = fc.dictionary(fc.constantFrom(...LABEL_KEYS), fc.constantFrom(...LABEL_VALUES), {
  noNullPrototype: true,
});

/** Texts of each kind, so that a new kind does not compile until the property tests cover it. */
const selectorTexts: { readonly [Kind in Selector['kind']]: readonly string[] } = {
  local: ['local'],
  any: ['any'],
  'local-user': USERS.map((user) => `local:${user}`),
  sandbox: SANDBOXES.map((sandbox) => `sandbox:${sandbox}`),
  alias: ALIASES,
  label: LABEL_KEYS.flatMap((key) => LABEL_VALUES.map((value) => `label:${key}=${value}`)),
};

/** Every selector of these names. */
export const EVERY_SELECTOR: readonly Selector[] = Object.values(selectorTexts)
  .flat()
  .map((text) => parseSelector(text, 'from'));

/** Each kind with the same probability. */
export const selectorText = fc.oneof(...Object.values(selectorTexts).map((texts) => fc.constantFrom(...texts)));

/** Before, at and after TEST_TIME_MS; most rules have no end. */
export const ENDS = ['2026-01-31T09:00:00.000Z', '2026-01-31T10:00:00.000Z', '2026-01-31T11:00:00.000Z'] as const;
/** Between any two of the ends, and at each. */
export const TIMES_MS: readonly number[] = ENDS.flatMap((end) => [Date.parse(end) - 1, Date.parse(end)]);
const endText = fc.oneof(
  { weight: 2, arbitrary: fc.constant('') },
  { weight: 1, arbitrary: fc.constantFrom(...ENDS).map((end) => ` until ${end}`) },
);

const ports = fc.uniqueArray(portNumber, { minLength: 1 });

const ruleAdded = fc
  .record({
    id: ruleName,
    effect: fc.constantFrom('allow', 'deny'),
    from: selectorText,
    to: aliasName,
    port: portNumber,
    end: endText,
  })
  .map(({ id, effect, from, to, port, end }) => rule(id, `${effect} ${from} -> ${to}:${port}${end}`));

/** Names that wildcards of the others cover, and names that they do not. */
export const OUTSIDE_NAMES = ['example.com', 'a.example.com', 'b.a.example.com', 'other.net'] as const;
const PATTERNS = [...OUTSIDE_NAMES, '*.example.com', '*.a.example.com'] as const;

const egressRuleAdded = fc
  .record({
    id: ruleName,
    effect: fc.constantFrom('allow', 'deny'),
    from: selectorText,
    to: fc.constantFrom(...PATTERNS),
    port: portNumber,
    isPrivate: fc.boolean(),
    via: fc.option(agentName),
    end: endText,
  })
  .map(({ id, effect, from, to, port, isPrivate, via, end }) => {
    const exit = via === null || effect === 'deny' ? '' : ` via ${via}`;
    return egressRule(`e${id}`, `${effect} ${from} -> ${to}:${port}${isPrivate ? ' private' : ''}${exit}${end}`);
  });

const change: fc.Arbitrary<NetworkEvent> = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(sandboxName, fc.option(agentName), labels).map((of) => attached(...of)) },
  { weight: 1, arbitrary: sandboxName.map(detached) },
  { weight: 3, arbitrary: fc.tuple(aliasName, sandboxName, ports).map(([a, s, p]) => published(a, s, ...p)) },
  { weight: 1, arbitrary: fc.tuple(aliasName, ports).map(([a, p]) => portsChanged(a, ...p)) },
  { weight: 1, arbitrary: aliasName.map(aliasRemoved) },
  { weight: 12, arbitrary: ruleAdded },
  { weight: 1, arbitrary: ruleName.map(ruleRemoved) },
  { weight: 1, arbitrary: ruleName.map((id) => ruleExpired(id, ENDS[0])) },
  { weight: 4, arbitrary: egressRuleAdded },
  { weight: 1, arbitrary: ruleName.map((id) => egressRuleRemoved(`e${id}`)) },
  { weight: 1, arbitrary: fc.tuple(sandboxName, fc.option(agentName)).map(([s, a]) => placed(s, a)) },
  { weight: 1, arbitrary: fc.tuple(sandboxName, labels).map(([s, l]) => labelled(s, l)) },
);

/** A network with all sandboxes attached, so that most questions get as far as the rules. */
const settled = [
  attached('sbx-1', 'host-a', { tier: 'web' }),
  attached('sbx-2', 'host-a', { tier: 'db', team: 'web' }),
  attached('sbx-3', 'host-b', { constructor: 'db' }),
  published('api', 'sbx-1', 80, 8080),
  published('web', 'sbx-2', 80),
  published('postgres', 'sbx-3', 80, 8080),
];

export const networkEvents = fc
  .tuple(fc.constantFrom(settled, settled, []), fc.array(change, { maxLength: 40, size: 'max' }))
  .map(([before, changes]) => [created(), ...before, ...changes]);

/** As the deciders leave it: an alias is removed with its sandbox. */
export const topology: fc.Arbitrary<Topology> = networkEvents.map((events) => {
  const folded = evolveNetworkThrough(null, events) as Topology;
  const kept = [...folded.aliases].filter(([, { sandboxId }]) => folded.sandboxes.has(sandboxId));
  return { ...folded, aliases: new Map(kept) };
});

const SANDBOX_SOURCES = SANDBOXES.map(
  (name): FlowSource => ({ kind: 'sandbox', sandboxId: parseSandboxId(name, 'sandbox') }),
);
const LOCAL_SOURCES = USERS.map(
  (user): FlowSource => ({
    kind: 'local',
    user: parseUserName(user, 'user'),
    node: parseLocalNodeId('laptop', 'node'),
  }),
);

/** Every source of these names. */
export const EVERY_SOURCE: readonly FlowSource[] = [...SANDBOX_SOURCES, ...LOCAL_SOURCES];

/** Sandboxes and local nodes with the same probability. */
export const flowSource: fc.Arbitrary<FlowSource> = fc.oneof(
  fc.constantFrom(...SANDBOX_SOURCES),
  fc.constantFrom(...LOCAL_SOURCES),
);

export const question: fc.Arbitrary<FlowQuestion> = fc.record({
  source: flowSource,
  alias: aliasName.map((name) => parseAliasName(name, 'alias')),
  port: portNumber,
});

/** The same topology with every map filled in another order. */
export const shuffled = (of: Topology): fc.Arbitrary<Topology> =>
  fc
    .tuple(shuffledMap(of.sandboxes), shuffledMap(of.aliases), shuffledMap(of.rules))
    .map(([sandboxes, aliases, rules]) => ({ ...of, sandboxes, aliases, rules }));

function shuffledMap<Key, Value>(map: ReadonlyMap<Key, Value>): fc.Arbitrary<ReadonlyMap<Key, Value>> {
  const entries = [...map];
  return fc.shuffledSubarray(entries, { minLength: entries.length }).map((inAnotherOrder) => new Map(inAnotherOrder));
}
