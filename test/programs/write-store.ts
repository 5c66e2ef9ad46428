import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readKeys, writeBackup } from '#apps/control-plane/maintenance/backup.js';
import { RELEASE } from '#libs/program/release.js';
import { TestControlPlane } from '#test/integration/control-plane/setup.js';
import { hostAgent, readState, STORE_HOSTS, STORE_PORTS, writeStore } from '#test/support/earlier-store.js';
import { waitFor } from '#test/support/wait.js';

// Writes test/fixtures/stores/<release>.json anew: a store of this release with something of every kind in it, and the
// state of its agents. Its keys are of this one store, which runs nowhere. Mocha runs it, because what starts Postgres
// here stops it by mocha's hooks: node_modules/.bin/mocha dist/test/programs/write-store.js

const WRITES: readonly (readonly [method: string, path: string, body?: object])[] = [
  ['POST', '/v1/networks', { name: 'dev' }],
  ['POST', '/v1/networks/dev/attachments', { sandboxId: 'sbx-web', alias: 'web', ports: ['8080'] }],
  ['POST', '/v1/networks/dev/attachments', { sandboxId: 'sbx-api', alias: 'api', ports: ['8080', '9090'] }],
  ['POST', '/v1/networks/dev/aliases', { sandboxId: 'sbx-api', alias: 'gone', ports: ['8080'] }],
  ['DELETE', '/v1/networks/dev/aliases/gone'],
  ['POST', '/v1/networks/dev/rules', { effect: 'allow', from: 'web', to: 'api', port: STORE_PORTS.allowed }],
  ['POST', '/v1/networks/dev/rules', { effect: 'allow', from: 'any', to: 'api', port: STORE_PORTS.denied }],
  ['POST', '/v1/networks/dev/rules', { effect: 'deny', from: 'sandbox:sbx-web', to: 'api', port: STORE_PORTS.denied }],
  [
    'POST',
    '/v1/networks/dev/rules/batch',
    { effect: 'allow', from: ['local', 'local:ada', 'label:team=blue'], to: 'api', ports: [STORE_PORTS.allowed] },
  ],
  ['POST', '/v1/networks/dev/egress-rules', { effect: 'allow', from: 'web', to: 'packages.example.com', port: 443 }],
  ['POST', '/v1/networks/dev/egress-rules', { effect: 'deny', from: 'any', to: '*.example.net', port: 443 }],
  ['POST', '/v1/sandboxes/sbx-api/pin', {}],
  ['POST', '/v1/tokens', { user: 'grace', role: 'viewer' }],
  ['POST', '/v1/networks', { name: 'ended' }],
  ['DELETE', '/v1/networks/ended'],
  ['POST', '/v1/networks', { name: 'apart' }],
  ['POST', '/v1/networks/apart/quarantine', { reason: 'tried' }],
];
const SHOWN = ['attachments', 'aliases', 'rules', 'egress-rules', 'history'].map((part) => `/v1/networks/dev/${part}`);

it('writes the store of this release', async function () {
  this.timeout(60_000);
  const controlPlane = await TestControlPlane.start();
  const agents = await Promise.all(
    (['host-a', 'host-b'] as const).map(async (name) => {
      const { body } = await controlPlane.call('POST', '/v1/agents/enrollment-tokens', { name });
      return hostAgent(name, controlPlane.url, String(body.token));
    }),
  );
  const folder = mkdtempSync(join(tmpdir(), 'gs-store-'));
  try {
    for (const agent of agents) agent.start();
    await waitFor('the sandboxes are reported', async () => {
      const { body } = await controlPlane.call('GET', '/v1/sandboxes');
      return (body.items as readonly unknown[]).length === Object.keys(STORE_HOSTS).length;
    });
    const revoked = await controlPlane.agent('host-c', ['sbx-old']);
    for (const [method, path, body] of WRITES) await written(controlPlane, method, path, body);
    await revoked.close();
    await written(controlPlane, 'DELETE', '/v1/agents/host-c');
    await waitFor('everything is applied', async () => {
      const { body } = await controlPlane.call('GET', '/v1/networks/dev/status');
      return body.status === 'SYNCED';
    });
    const shown: Record<string, unknown> = {};
    for (const path of SHOWN) shown[path] = (await controlPlane.call('GET', path)).body.items;
    for (const agent of agents) await agent.end('SIGTERM');
    await controlPlane.stop();
    const file = join(folder, 'backup');
    await writeBackup(controlPlane.databaseUrl, file, readKeys(controlPlane.nats.keysFolder), new Date());
    writeStore({
      release: RELEASE,
      backup: readFileSync(file, 'utf8'),
      agents: Object.fromEntries(agents.map((agent) => [agent.id, readState(agent.stateFolder)])),
      shown,
    });
  } finally {
    for (const agent of agents) await agent.remove();
    await controlPlane.end();
    rmSync(folder, { recursive: true, force: true });
  }
});

async function written(controlPlane: TestControlPlane, method: string, path: string, body?: object): Promise<void> {
  const answer = await controlPlane.call(method, path, body);
  if (answer.status > 201) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
}
