import { expect } from 'chai';
import { type DiagnosedNode, runLocalChecks } from '#apps/local-node/checks.js';
import { CHECKS_OF } from '#libs/contracts/bus/checks.js';
import { BUS_PROTOCOL } from '#libs/contracts/bus/protocol.js';
import { parseAgentId, parseLocalNodeId, parseUserName } from '#libs/contracts/ids.js';
import { parseSnapshot } from '#libs/policy/parse-snapshot.js';
import { viewOf } from '#libs/policy/view.js';
import { TestStore } from '#test/support/mesh-store.js';

const snapshot = parseSnapshot({
  format: 1,
  networkId: 'dead',
  name: 'dev',
  version: 7,
  maxStalenessSeconds: 60,
  participates: true,
  sandboxes: [
    { sandboxId: 'sbx-api', agentId: 'host-b', labels: {} },
    { sandboxId: 'sbx-lost', agentId: null, labels: {} },
  ],
  aliases: [
    { alias: 'api', sandboxId: 'sbx-api', ports: [{ published: 8080, target: 8080 }] },
    { alias: 'lost', sandboxId: 'sbx-lost', ports: [{ published: 80, target: 80 }] },
  ],
  rules: [
    { id: 'rule-0001', effect: 'allow', from: 'local', to: 'api', port: 8080 },
    { id: 'rule-0002', effect: 'allow', from: 'local:ada', to: 'lost', port: 80 },
  ],
});
const epoch = { counter: 1, id: 'epoch-one' };
const hash = 'ab'.repeat(32);
const source = { kind: 'local', user: parseUserName('ada', 'user'), node: parseLocalNodeId('laptop', 'node') } as const;
const hostB = parseAgentId('host-b', 'agent');
const refused = { kind: 'refused there', agentId: hostB, code: 'FLOW_LIMIT', message: 'too many', version: 7 } as const;

let joined: DiagnosedNode;
const changed = (change: Partial<DiagnosedNode>) => () => ({ ...joined, ...change });
const anHour = 3_600_000;

async function ask(node: DiagnosedNode, destination: string, change: object = {}) {
  const [alias, port] = destination.split(':');
  const reply = await runLocalChecks(node, {
    ...{ protocol: BUS_PROTOCOL, kind: 'checks', networkId: 'dead', role: 'source', from: 'local' },
    ...{ epoch, version: 7, hash, alias, port: Number(port), ...change },
  });
  if (reply.kind !== 'checks') throw new Error('checks were asked for');
  return reply;
}

describe('what a local node says of itself', () => {
  before(async () => {
    const store = await TestStore.create('store-1');
    const { certificate } = await store.credentials({ kind: 'local', user: source.user, node: source.node });
    joined = {
      mesh: { transport: 'direct', state: 'joined', code: null, message: null, endpoints: [] },
      certificate,
      now: new Date(),
      held: { epoch, hash, snapshot, signature: null },
      view: viewOf(snapshot),
      source,
      probe: async () => ({ kind: 'taken', agentId: hostB, version: 7 }),
      endpointsOf: () => ['10.0.0.2:7443'],
    };
  });

  const failed = changed({
    mesh: { transport: 'tsnet', state: 'failed', code: 'MESH_KEY_USED', message: 'the key was used', endpoints: [] },
  });
  const isWell = () => joined;
  // MESH_JOINED, TOPOLOGY_APPLIED, ROUTE_PRESENT, POLICY and PEER_REACHED; such a machine is never asked for the
  // others.
  const rows: readonly (readonly [string, () => DiagnosedNode, string, object, string])[] = [
    ['all is well', isWell, 'api:8080', {}, 'pass pass pass pass pass'],
    ['the mesh is not joined', failed, 'api:8080', {}, 'fail pass pass pass pass'],
    [
      'its certificate has ended',
      changed({ now: new Date(Date.now() + 48 * anHour) }),
      'api:8080',
      {},
      'fail pass pass pass pass',
    ],
    [
      'its clock is behind',
      changed({ now: new Date(Date.now() - 48 * anHour) }),
      'api:8080',
      {},
      'fail pass pass pass pass',
    ],
    ['nothing has arrived', changed({ held: null, view: null }), 'api:8080', {}, 'pass fail skipped fail pass'],
    ['the control plane is ahead', isWell, 'api:8080', { version: 8 }, 'pass fail pass pass pass'],
    ['the control plane is behind', isWell, 'api:8080', { version: 6 }, 'pass fail pass pass pass'],
    ['the same version has another hash', isWell, 'api:8080', { hash: 'cd'.repeat(32) }, 'pass fail pass pass pass'],
    ['the epoch is another', isWell, 'api:8080', { epoch: { counter: 2, id: 'two' } }, 'pass fail pass pass pass'],
    ['the store is another', isWell, 'api:8080', { epoch: { counter: 1, id: 'two' } }, 'pass fail pass pass pass'],
    ['the alias is not for this user', isWell, 'db:5432', {}, 'pass pass skipped fail pass'],
    ['the port is not for this user', isWell, 'api:22', {}, 'pass pass skipped fail pass'],
    ['no agent holds the target', isWell, 'lost:80', {}, 'pass pass fail pass pass'],
    ['the target refuses', changed({ probe: async () => refused }), 'api:8080', {}, 'pass pass pass pass fail'],
  ];
  for (const [what, node, destination, change, expected] of rows) {
    it(`${what}: ${expected}`, async () => {
      const { checks } = await ask(node(), destination, change);
      expect(checks.map(({ code }) => code)).to.deep.equal(CHECKS_OF.source);
      const [mesh, applied, dns, route, policy, usesDns, peer, isolated] = checks.map(({ status }) => status);
      expect([mesh, applied, route, policy, peer].join(' ')).to.equal(expected);
      expect([dns, usesDns, isolated]).to.deep.equal(['skipped', 'skipped', 'skipped']);
      for (const { status, remedy } of checks) expect(remedy !== null).to.equal(status === 'fail');
    });
  }

  it('why it is not in the mesh is in the evidence', async () => {
    const { checks } = await ask(failed(), 'api:8080');
    expect(checks[0]?.evidence).to.contain('MESH_KEY_USED').and.contain('the key was used');
  });

  it('what its policy decides stands beside the checks', async () => {
    expect((await ask(joined, 'api:8080')).effect).to.equal('allow');
    expect((await ask(joined, 'db:5432')).effect).to.equal('deny');
    expect((await ask({ ...joined, view: null }, 'api:8080')).effect).to.equal(null);
  });
});
