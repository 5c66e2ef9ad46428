import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { restoreBackup, restoreKeys } from '#apps/control-plane/maintenance/restore.js';
import { verifyLog } from '#libs/event-store/verify-log.js';
import type { AgentProcess } from '#test/support/agent-process.js';
import { hostAgent, readStores, STORE_HOSTS, STORE_PORTS, writeState } from '#test/support/earlier-store.js';
import { emptyDatabase } from '#test/support/postgres.js';
import { waitFor } from '#test/support/wait.js';
import { TestControlPlane } from './setup.js';

const run = promisify(execFile);
const { 'host-a': hostA, 'host-b': hostB } = STORE_HOSTS;

for (const store of readStores()) {
  describe(`a store of release ${store.release} and its agents, taken over by this one`, function () {
    this.timeout(30_000);
    let controlPlane: TestControlPlane;
    let agents: readonly AgentProcess[];
    const servers: Server[] = [];
    const folder = mkdtempSync(join(tmpdir(), 'gs-upgrade-'));

    before(async () => {
      const [file, keysFolder] = [join(folder, 'backup'), join(folder, 'keys')];
      writeFileSync(file, store.backup);
      const databaseUrl = await emptyDatabase();
      restoreKeys(keysFolder, (await restoreBackup(databaseUrl, file)).header);
      for (const port of Object.values(STORE_PORTS)) {
        const server = createServer((_request, response) => void response.end('sbx-api')).listen(port, hostB.address);
        await once(server, 'listening');
        servers.push(server);
      }
      controlPlane = await TestControlPlane.start({ GLOBALSTACKS_DATABASE_URL: databaseUrl }, keysFolder);
      agents = (['host-a', 'host-b'] as const).map((name) => hostAgent(name, controlPlane.url));
      for (const agent of agents) {
        writeState(agent.stateFolder, store.agents[agent.id] ?? {});
        agent.start();
      }
    });

    after(async () => {
      await Promise.all((agents ?? []).map((agent) => agent.remove()));
      for (const server of servers) server.close();
      await controlPlane?.end();
      rmSync(folder, { recursive: true, force: true });
    });

    const call = (method: string, path: string, body?: object) => controlPlane.call(method, path, body);

    async function resolved(name: string): Promise<string> {
      const { block, address } = hostA;
      const { stdout } = await run('dig', ['-b', address, `@${block}.1`, '-p', '1053', '+short', '+tries=1', name]);
      return stdout.trim();
    }

    /** What sbx-web gets from sbx-api: the body, or the error's code. */
    async function asked(port: number): Promise<string> {
      const host = await resolved('api.dev.gstacks');
      const request = httpRequest({ host, port, localAddress: hostA.address, agent: false }).end();
      try {
        const [response] = (await once(request, 'response')) as [IncomingMessage];
        return Buffer.concat(await response.toArray()).toString();
      } catch (error) {
        return error instanceof Error && 'code' in error ? String(error.code) : String(error);
      }
    }

    it('go on at the version they had, without another epoch', async () => {
      const synced = await waitFor('dev is synced', async () => {
        const { body } = await call('GET', '/v1/networks/dev/status');
        return body.status === 'SYNCED' && body;
      });
      expect(synced.version).to.equal((store.shown['/v1/networks/dev/history'] as { version: number }[])[0]?.version);
      expect((await call('GET', '/v1/epochs/next')).body.epoch).to.have.property('counter', 1);
    });

    for (const [path, items] of Object.entries(store.shown)) {
      it(`show the same at ${path}`, async () => {
        expect((await call('GET', path)).body.items).to.containSubset(items);
      });
    }

    it('still know who was revoked, what is apart, and whose tokens hold', async () => {
      const names = async (path: string, key: string) =>
        ((await call('GET', path)).body.items as Record<string, unknown>[]).map((item) => item[key]);
      expect(await names('/v1/agents', 'status')).to.have.members(['ONLINE', 'ONLINE', 'REVOKED']);
      expect(await names('/v1/networks', 'name')).to.have.members(['dev', 'apart']);
      expect(await names('/v1/tokens', 'user')).to.include('grace');
      expect((await call('GET', '/v1/networks/apart/status')).body.status).to.equal('QUARANTINED');
    });

    it('carry and refuse what they did', async () => {
      expect(await asked(STORE_PORTS.allowed)).to.equal('sbx-api');
      expect(await asked(STORE_PORTS.denied)).to.equal('ECONNRESET');
    });

    it('take the next change, and the log stays whole', async () => {
      const rule = { effect: 'deny', from: 'web', to: 'api', port: STORE_PORTS.allowed };
      const { body } = await call('POST', '/v1/networks/dev/rules', rule);
      const { body: proof } = await call('GET', `/v1/networks/dev/applied/${body.version}?waitSeconds=10`);
      expect(proof).to.include({ confirmed: 2, expected: 2 });
      expect(await asked(STORE_PORTS.allowed)).to.equal('ECONNRESET');
      expect(await verifyLog(controlPlane.databaseUrl)).to.have.property('kind', 'intact');
    });
  });
}
