import { expect } from 'chai';
import { type DiagnosedNode, runLocalChecks } from '#apps/local-node/checks.js';
import { BUS_PROTOCOL, CHECK_CODES } from '#libs/contracts/bus-messages.js';
import { parseLocalNodeId, parseUserName } from '#libs/contracts/ids.js';
import { parseSnapshot } from '#libs/policy/parse-snapshot.js';
import { viewOf } from '#libs/policy/view.js';

const view = viewOf(
  parseSnapshot({
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
  }),
);

const joined: DiagnosedNode = {
  mesh: { transport: 'direct', state: 'joined', code: null, message: null, endpoints: [] },
  view,
  source: { kind: 'local', user: parseUserName('ada', 'user'), node: parseLocalNodeId('laptop', 'node') },
};
const failed: DiagnosedNode = {
  ...joined,
  mesh: { transport: 'tsnet', state: 'failed', code: 'MESH_KEY_USED', message: 'the key was used', endpoints: [] },
};

function ask(node: DiagnosedNode, destination: string, version = 7) {
  const [alias, port] = destination.split(':');
  const reply = runLocalChecks(node, {
    ...{ protocol: BUS_PROTOCOL, kind: 'checks', networkId: 'dead', version, role: 'source', from: 'local' },
    ...{ alias, port: Number(port) },
  });
  return reply.kind === 'checks' ? reply.checks : [];
}

describe('what a local node says of itself', () => {
  // MESH_JOINED, TOPOLOGY_APPLIED, ROUTE_PRESENT and POLICY; DNS_LOADED is never asked of a machine that serves none.
  const rows: readonly (readonly [string, DiagnosedNode, string, number, readonly string[]])[] = [
    ['all is well', joined, 'api:8080', 7, ['pass', 'pass', 'pass', 'pass']],
    ['the mesh is not joined', failed, 'api:8080', 7, ['fail', 'pass', 'pass', 'pass']],
    ['nothing has arrived', { ...joined, view: null }, 'api:8080', 7, ['pass', 'fail', 'skipped', 'fail']],
    ['the control plane is ahead', joined, 'api:8080', 8, ['pass', 'fail', 'pass', 'pass']],
    ['the alias is not for this user', joined, 'db:5432', 7, ['pass', 'pass', 'skipped', 'fail']],
    ['the port is not for this user', joined, 'api:22', 7, ['pass', 'pass', 'skipped', 'fail']],
    ['no agent holds the target', joined, 'lost:80', 7, ['pass', 'pass', 'fail', 'pass']],
  ];
  for (const [what, node, destination, version, expected] of rows) {
    it(`${what}: ${expected.join(', ')}`, () => {
      const checks = ask(node, destination, version);
      expect(checks.map(({ code }) => code)).to.deep.equal(CHECK_CODES);
      const [mesh, applied, dns, route, policy] = checks.map(({ status }) => status);
      expect([mesh, applied, route, policy]).to.deep.equal(expected);
      expect(dns).to.equal('skipped');
      for (const { status, remedy } of checks) expect(remedy !== null).to.equal(status === 'fail');
    });
  }

  it('why it is not in the mesh is in the evidence', () => {
    expect(ask(failed, 'api:8080')[0]?.evidence).to.contain('MESH_KEY_USED').and.contain('the key was used');
  });
});
