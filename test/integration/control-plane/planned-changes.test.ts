import { expect } from 'chai';
import fc from 'fast-check';
import type { NetworkDiffDto } from '#libs/contracts/http/history.js';
import type { PREVIEWED, PreviewDto } from '#libs/contracts/http/previews.js';
import { waitFor } from '#test/support/wait.js';
import { aliasName, portNumber, selectorText } from '#test/unit/policy/arbitraries.js';
import { TestControlPlane } from './setup.js';

type Kind = (typeof PREVIEWED)[number];
type Members = { readonly [member: string]: unknown };

/** A random change: the body that its preview is asked with, and the request that writes it. */
interface Change {
  readonly members: (held: Held) => Members | Promise<Members>;
  /** `network`: where its routes begin. */
  readonly write: (members: Members, network: string) => readonly [method: string, path: string, body?: Members];
}

/** What the network holds by then that a change may name. */
interface Held {
  readonly version: () => Promise<number>;
  /** What one list names, such as `/rules`. */
  readonly listed: (list: string) => Promise<readonly string[]>;
}

const sandboxId = fc.constantFrom('sbx-1', 'sbx-2', 'sbx-3', 'sbx-4', 'sbx-none');
const effect = fc.constantFrom('allow', 'deny');
const ports = fc.subarray([80, 8_080], { minLength: 1 });
const lasting = fc.constantFrom({}, {}, { forSeconds: 3_600 });
const options = fc.record({ inheritRules: fc.boolean(), replacePorts: fc.boolean() });
const outside = fc.constantFrom('example.com', 'a.example.com', '*.example.com', '*.a.example.com');
/** Mostly of the sandbox that had the alias before, so that ports change as often as publishers. */
const publication = fc.oneof(
  fc.record({ sandboxId, alias: aliasName, ports }),
  ...Object.entries({ 'sbx-1': 'api', 'sbx-2': 'web', 'sbx-3': 'postgres' }).map(([id, alias]) =>
    fc.record({ sandboxId: fc.constant(id), alias: fc.constant(alias), ports }),
  ),
);
const posted = (path: string) => (members: Members, network: string) => ['POST', `${network}${path}`, members] as const;
const given = (members: Members) => () => members;
const index = fc.nat(99);
const LABEL_KEYS = ['tier', 'team'] as const;
const labels = fc.dictionary(fc.constantFrom(...LABEL_KEYS), fc.constantFrom('web', 'db'));
const oneOf = (names: readonly string[], at: number) => names[at % names.length] ?? 'none';

/** Every kind that a preview takes: a new kind does not compile until it is drawn here. */
const kinds: { readonly [Each in Kind]: fc.Arbitrary<Change> } = {
  'add-rule': fc
    .record({ effect, from: selectorText, to: aliasName, port: portNumber, lasting })
    .map(({ lasting, ...rule }) => ({ members: given({ ...rule, ...lasting }), write: posted('/rules') })),
  'add-rules': fc
    .record({ effect, from: fc.uniqueArray(selectorText, { minLength: 1, maxLength: 3 }), to: aliasName, ports })
    .map((rules) => ({ members: given(rules), write: posted('/rules/batch') })),
  'remove-rule': index.map((at) => ({
    members: async ({ listed }) => ({ ruleId: oneOf(await listed('/rules'), at) }),
    write: ({ ruleId }, network) => ['DELETE', `${network}/rules/${ruleId}`],
  })),
  'add-egress-rule': fc
    .record({ effect, from: selectorText, to: outside, port: portNumber, lasting })
    .map(({ lasting, ...rule }) => ({ members: given({ ...rule, ...lasting }), write: posted('/egress-rules') })),
  'remove-egress-rule': index.map((at) => ({
    members: async ({ listed }) => ({ ruleId: oneOf(await listed('/egress-rules'), at) }),
    write: ({ ruleId }, network) => ['DELETE', `${network}/egress-rules/${ruleId}`],
  })),
  attach: fc
    .record({ attached: fc.oneof(fc.record({ sandboxId }), publication), options })
    .map(({ attached, options }) => ({ members: given({ ...attached, ...options }), write: posted('/attachments') })),
  'publish-alias': fc.record({ published: publication, options }).map(({ published, options }) => ({
    members: given({ ...published, ...options }),
    write: posted('/aliases'),
  })),
  'remove-alias': index.map((at) => ({
    members: async ({ listed }) => ({ alias: oneOf(await listed('/aliases'), at) }),
    write: ({ alias }, network) => ['DELETE', `${network}/aliases/${alias}`],
  })),
  detach: index.map((at) => ({
    members: async ({ listed }) => ({ sandboxId: oneOf(await listed('/attachments'), at) }),
    write: ({ sandboxId: id }, network) => ['DELETE', `${network}/attachments/${id}`],
  })),
  label: fc.record({ at: index, set: labels }).map(({ at, set }) => ({
    members: async ({ listed }) => ({
      sandboxId: oneOf(await listed('/attachments'), at),
      set,
      remove: LABEL_KEYS.filter((key) => !Object.hasOwn(set, key)),
    }),
    write: ({ sandboxId: id, ...change }) => ['PATCH', `/v1/sandboxes/${id}/labels`, change],
  })),
  revert: index.map((at) => ({
    members: async ({ version }) => ({ version: 1 + (at % (await version())) }),
    write: ({ version }, network) => ['POST', `${network}/reverts`, { to: version }],
  })),
  delete: fc.constantFrom(true, true, true, false).map((detachAll) => ({
    members: given({ detachAll }),
    write: (_, network) => ['DELETE', `${network}?detachAll=${detachAll}`],
  })),
};

type Drawn = readonly [kind: Kind, change: Change];
const drawn = (kind: Kind): fc.Arbitrary<Drawn> => kinds[kind].map((change) => [kind, change]);
const KINDS = Object.keys(kinds) as Kind[];
/** What each network begins with, so that there is something to change. */
const FIRST = [
  ['attachments', { sandboxId: 'sbx-1', alias: 'api', ports: [80, 8_080] }],
  ['attachments', { sandboxId: 'sbx-2', alias: 'web', ports: [80, 8_080] }],
  ['attachments', { sandboxId: 'sbx-3', alias: 'postgres', ports: [80, 8_080] }],
  ...['api', 'web', 'postgres'].map(
    (to) => ['rules/batch', { effect: 'allow', from: ['any'], to, ports: [80, 8_080] }] as const,
  ),
  ['egress-rules', { effect: 'allow', from: 'web', to: 'example.com', port: 80 }],
] as const;
/** Each kind of change twice, in any order, and then the deletion. */
const changes = fc
  .tuple(...[...KINDS, ...KINDS].filter((kind) => kind !== 'delete').map(drawn))
  .chain((of) => fc.tuple(fc.shuffledSubarray(of, { minLength: of.length }), drawn('delete')))
  .map(([then, end]) => [...then, end]);

describe('the plan of a change', function () {
  this.timeout(60_000);
  let controlPlane: TestControlPlane;
  let networks = 0;

  before(async () => {
    controlPlane = await TestControlPlane.start();
    await controlPlane.agent('host-a', ['sbx-1', 'sbx-2']);
    await controlPlane.agent('host-b', ['sbx-3', 'sbx-4']);
    for (const [id, set] of [
      ['sbx-1', { tier: 'web' }],
      ['sbx-2', { tier: 'db', team: 'web' }],
      ['sbx-3', { tier: 'db' }],
    ] as const) {
      await controlPlane.call('PATCH', `/v1/sandboxes/${id}/labels`, { set });
    }
  });
  after(() => controlPlane.end());

  it('is what the log tells of it afterwards, of random changes of every kind in random networks', async () => {
    const planned = new Map<Kind, number>();
    let [gained, lost] = [0, 0];
    await fc.assert(
      fc.asyncProperty(changes, async (sequence) => {
        networks += 1;
        const name = `n${networks}`;
        const network = `/v1/networks/${name}`;
        await controlPlane.call('POST', '/v1/networks', { name });
        for (const [path, body] of FIRST) await controlPlane.call('POST', `${network}/${path}`, body);
        for (const [kind, { members, write }] of sequence) {
          const asked = await members(heldBy(network));
          const preview = await controlPlane.call('POST', `${network}/previews`, { kind, ...asked });
          const isOfNetwork = kind !== 'label' && preview.status === 200;
          const ifMatch = isOfNetwork ? { 'if-match': `"${preview.body.version}"` } : {};
          const [method, path, body] = write(asked, network);
          const done = await controlPlane.call(method, path, body, ifMatch);
          const told = `${kind} ${JSON.stringify(asked)}: ${preview.text} ${done.text}`;
          expect(done.body.code, told).to.equal(preview.body.code);
          if (preview.status !== 200) continue;
          const plan: PreviewDto = JSON.parse(preview.text);
          expect(done.body.changed ?? true, told).to.equal(plan.changed);
          if (!plan.changed) continue;
          // Labels are written on the sandbox's stream, and copied from there.
          const version = isOfNetwork ? Number(done.body.version) : await versionAfter(network, plan.version);
          const diff = await controlPlane.call('GET', `${network}/diff?from=${plan.version}&to=${version}`);
          const after: NetworkDiffDto = JSON.parse(diff.text);
          expect([after.gained, after.lost], told).to.deep.equal([plan.gained, plan.lost]);
          planned.set(kind, (planned.get(kind) ?? 0) + 1);
          gained += after.gained.length;
          lost += after.lost.length;
        }
      }),
      // A smaller sequence would take a minute to find; the failed change is named.
      { numRuns: 12, endOnFailure: true },
    );
    // Random changes that change nothing would prove nothing.
    expect(planned.size).to.be.at.least(KINDS.length / 2);
    expect(Math.min(gained, lost)).to.be.at.least(1);
  });

  const versionOf = async (network: string) => Number((await controlPlane.call('GET', network)).body.version);
  const versionAfter = (network: string, before: number) =>
    waitFor(`a version of ${network} after ${before}`, async () => {
      const version = await versionOf(network);
      return version > before && version;
    });

  function heldBy(network: string): Held {
    const get = async (path: string) => (await controlPlane.call('GET', `${network}${path}`)).body;
    return {
      version: () => versionOf(network),
      listed: async (list) =>
        ((await get(list)).items as readonly { id?: string; alias?: string; sandboxId?: string }[]).map(
          ({ id, alias, sandboxId: attached }) => id ?? alias ?? attached ?? '',
        ),
    };
  }
});
