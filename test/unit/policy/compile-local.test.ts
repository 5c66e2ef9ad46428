import { expect } from 'chai';
import fc from 'fast-check';
import { parseAliasName, parseLocalNodeId, parseUserName } from '#libs/contracts/ids.js';
import { compileForLocalNode } from '#libs/policy/compile-local.js';
import { evaluate } from '#libs/policy/evaluate.js';
import { parseSnapshot } from '#libs/policy/parse-snapshot.js';
import { snapshotText } from '#libs/policy/snapshot-text.js';
import { viewOf } from '#libs/policy/view.js';
import { TEST_TIME_MS } from '#test/support/network-view.js';
import { topology } from './arbitraries.js';
import { attached, created, networkDeleted, published, rule, topologyOf } from './network-events.js';

const ada = parseUserName('ada', 'user');
const bob = parseUserName('bob', 'user');
const node = parseLocalNodeId('laptop', 'node');

const events = [
  created(),
  attached('sbx-web', 'host-a', { secret: 'label' }),
  attached('sbx-api', 'host-b', { tier: 'api' }),
  published('web', 'sbx-web', 80),
  published('api', 'sbx-api', '80:8080', 8080, 9090),
  published('db', 'sbx-api', 5432),
  rule('0001', 'allow any -> db:5432'),
  rule('0002', 'allow local -> api:8080'),
  rule('0003', 'allow local:ada -> api:9090'),
  rule('0004', 'allow local -> web:80'),
  rule('0005', 'deny local:bob -> web:80'),
  rule('0006', 'deny label:tier=api -> api:8080'),
];
const dev = topologyOf(...events);

describe('compile for a local node', () => {
  it('holds the aliases, ports, targets and rules of what its user may reach, and nothing else', () => {
    expect(compileForLocalNode(dev, ada)).to.deep.equal({
      format: 1,
      networkId: '0a1b',
      name: 'dev',
      version: events.length,
      maxStalenessSeconds: 86_400,
      participates: true,
      sandboxes: [
        { sandboxId: 'sbx-api', agentId: 'host-b', labels: {} },
        { sandboxId: 'sbx-web', agentId: 'host-a', labels: {} },
      ],
      aliases: [
        {
          alias: 'api',
          sandboxId: 'sbx-api',
          ports: [
            { published: 8080, target: 8080 },
            { published: 9090, target: 9090 },
          ],
        },
        { alias: 'web', sandboxId: 'sbx-web', ports: [{ published: 80, target: 80 }] },
      ],
      rules: [
        { id: 'rule-0002', effect: 'allow', from: 'local', to: 'api', port: 8080 },
        { id: 'rule-0003', effect: 'allow', from: 'local:ada', to: 'api', port: 9090 },
        { id: 'rule-0004', effect: 'allow', from: 'local', to: 'web', port: 80 },
      ],
    });
  });

  it('says nothing of what a deny, or the lack of a rule, keeps from the user', () => {
    const text = snapshotText(compileForLocalNode(dev, bob));
    for (const hidden of ['web', '9090', '5432', 'ada', 'secret', 'tier', '"any"', '0005', '0006']) {
      expect(text, hidden).not.to.contain(hidden);
    }
  });

  it('is empty, and still in force, when nothing is allowed', () => {
    const { participates, aliases, sandboxes, rules } = compileForLocalNode(topologyOf(...events.slice(0, 7)), ada);
    expect({ participates, aliases, sandboxes, rules }).to.deep.equal({
      participates: true,
      aliases: [],
      sandboxes: [],
      rules: [],
    });
  });

  it('tells the node to let go of a deleted network', () => {
    const snapshot = compileForLocalNode(topologyOf(...events, networkDeleted), ada);
    expect(snapshot).to.deep.include({ participates: false, aliases: [], sandboxes: [], rules: [] });
  });

  it('decides as the whole topology does, for every alias and port, and can be parsed', () => {
    fc.assert(
      fc.property(topology, (whole) => {
        const snapshot = compileForLocalNode(whole, ada);
        expect(parseSnapshot(JSON.parse(snapshotText(snapshot)))).to.deep.equal(snapshot);
        const view = viewOf(snapshot);
        const source = { kind: 'local', user: ada, node } as const;
        for (const { alias, ports } of whole.aliases.values()) {
          for (const { published: port } of ports) {
            const question = { source, alias: parseAliasName(alias, 'alias'), port };
            expect(evaluate(view, question, TEST_TIME_MS).effect).to.equal(
              evaluate(whole, question, TEST_TIME_MS).effect,
            );
          }
        }
      }),
    );
  });
});
