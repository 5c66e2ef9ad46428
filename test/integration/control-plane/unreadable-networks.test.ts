import { expect } from 'chai';
import { parseFlowId } from '#libs/contracts/ids.js';
import { appendAsNewerRelease, NEWER_EVENTS } from '#test/support/newer-release.js';
import { waitFor } from '#test/support/wait.js';
import { callApi } from './api.js';
import { TestControlPlane } from './setup.js';
import type { SimulatedAgent } from './simulated-agent.js';

interface AgentRow {
  readonly agentId: string;
  readonly status: string;
  readonly appliedVersion: number | null;
  readonly reason: string | null;
}

for (const [kind, event] of Object.entries(NEWER_EVENTS)) {
  describe(`a network whose stream holds ${kind}`, () => {
    let controlPlane: TestControlPlane;
    let hostA: SimulatedAgent;
    let hostB: SimulatedAgent;
    let position = 0;
    const VERSION = 5;

    before(async () => {
      controlPlane = await TestControlPlane.start();
      hostA = await controlPlane.agent('host-a', ['sbx-web']);
      hostB = await controlPlane.agent('host-b', ['sbx-api']);
      for (const name of ['dev', 'other']) {
        await controlPlane.call('POST', '/v1/networks', { name });
        await controlPlane.call('POST', `/v1/networks/${name}/attachments`, { sandboxId: 'sbx-web' });
        const attachment = { sandboxId: 'sbx-api', alias: 'api', ports: ['8080'] };
        await controlPlane.call('POST', `/v1/networks/${name}/attachments`, attachment);
      }
      const { body } = await applied(4);
      expect(body).to.include({ confirmed: 2 });
      const { id } = (await controlPlane.call('GET', '/v1/networks/dev')).body;
      position = await appendAsNewerRelease(controlPlane.databaseUrl, `network-${id}`, [event]);
      await waitFor('the event was read', async () => (await status()).unreadable !== null);
    });
    after(() => controlPlane.end());

    const applied = (version: number) => controlPlane.call('GET', `/v1/networks/dev/applied/${version}?waitSeconds=5`);
    const status = async () => (await controlPlane.call('GET', '/v1/networks/dev/status')).body;
    const agents = async () => (await status()).agents as readonly AgentRow[];
    const deny = (network: string) =>
      controlPlane.call('POST', `/v1/networks/${network}/rules`, {
        effect: 'deny',
        from: 'any',
        to: 'api',
        port: 8080,
      });

    async function restart(): Promise<void> {
      await controlPlane.stop();
      await controlPlane.startAgain();
      for (const agent of [hostA, hostB]) await agent.contact('heartbeat');
    }

    const answers = () => {
      it('is listed as STREAM_UNREADABLE, with the position and what a release has to read', async () => {
        const unreadable = { position, version: VERSION, eventType: event.type, schemaVersion: event.schemaVersion };
        const shown = await status();
        expect(shown).to.include({ status: 'STREAM_UNREADABLE', quarantinedSince: null });
        expect(shown.unreadable).to.include(unreadable);
        const listed = (await controlPlane.call('GET', '/v1/networks?status=STREAM_UNREADABLE')).body;
        const items = listed.items as readonly { name: string; unreadable: object }[];
        expect(items.map(({ name }) => name)).to.deep.equal(['dev']);
        expect(items[0]?.unreadable).to.include(unreadable);
        expect((await controlPlane.call('GET', '/v1/networks/dev')).body.status).to.equal('STREAM_UNREADABLE');
      });

      it('shows what is served of it, which nobody can call the present version', async () => {
        const rows = (await agents()).map(({ agentId, status: how, appliedVersion }) => [agentId, how, appliedVersion]);
        expect(rows).to.deep.equal([
          ['host-a', 'UNKNOWN', 4],
          ['host-b', 'UNKNOWN', 4],
        ]);
        for (const { reason } of await agents()) expect(reason).to.match(/^STREAM_UNREADABLE: version 5 /);
      });

      it('is in readyz, which stays ready, and in the metrics', async () => {
        const ready = await callApi(controlPlane.url, 'GET', '/readyz');
        expect(ready.status).to.equal(200);
        const { info } = ready.body as { info: { streams: { unreadable: number; first: readonly object[] } } };
        expect(info.streams).to.deep.include({ status: 'up', unreadable: 1 });
        const { type: eventType, schemaVersion } = event;
        expect(info.streams.first).to.deep.equal([
          { kind: 'network', position, version: VERSION, eventType, schemaVersion },
        ]);
        expect((await callApi(controlPlane.url, 'GET', '/metrics')).text).to.include('\ngs_unreadable_streams 1\n');
      });

      it('takes no write, keeps its name, is not tested by guesses, and leaves others alone', async () => {
        const refused = await deny('dev');
        expect([refused.status, refused.body.code]).to.deep.equal([409, 'STREAM_UNREADABLE']);
        expect(refused.body.detail).to.match(/^network dev cannot be read from its version /);
        expect(refused.body.detail).to.include(`position ${position} of the log`).and.include(event.type);
        const taken = await controlPlane.call('POST', '/v1/networks', { name: 'dev' });
        expect(taken.body.code).to.equal('NETWORK_EXISTS');
        const test = { from: 'sandbox:sbx-web', alias: 'api', port: 8080 };
        const tested = await controlPlane.call('POST', '/v1/networks/dev/tests', test);
        expect(tested.body.code).to.equal('STREAM_UNREADABLE');
        const lifted = await controlPlane.call('DELETE', '/v1/networks/dev/quarantine');
        expect(lifted.body.code).to.equal('STREAM_UNREADABLE');
        expect((await deny('other')).status).to.equal(201);
      });
    };

    describe('as it comes', answers);

    describe('after a restart', () => {
      before(restart);
      answers();
    });

    describe('quarantined', () => {
      const flowId = parseFlowId('1'.padStart(32, '0'), 'flow');
      const last = (agent: SimulatedAgent) => agent.received.at(-1)?.snapshot;

      it('is cut off by every agent, which is acknowledged and proven as a denial is', async () => {
        hostA.onTopology = (_, message) => hostA.acknowledge(message, { flowsCut: [flowId] });
        hostB.stop();
        const { status: code, body } = await controlPlane.call('POST', '/v1/networks/dev/quarantine', {});
        expect([code, body.version, body.changed]).to.deep.equal([200, VERSION + 1, true]);
        expect(body.result).to.deep.equal({ agents: ['host-a', 'host-b'] });
        hostB.goOn();
        expect((await applied(VERSION + 1)).body).to.include({ confirmed: 2, expected: 2, flowsCut: 1 });
        for (const agent of [hostA, hostB]) {
          expect(last(agent)).to.deep.include({ name: 'dev', version: VERSION + 1, participates: false });
        }
      });

      const cutOff = async () => {
        const shown = await status();
        expect(shown).to.include({ status: 'QUARANTINED', version: VERSION + 1, quarantinedSince: VERSION + 1 });
        expect(shown.unreadable).to.include({ position });
        const rows = (await agents()).map(({ agentId, status: how, appliedVersion }) => [agentId, how, appliedVersion]);
        expect(rows).to.deep.equal([
          ['host-a', 'SYNCED', VERSION + 1],
          ['host-b', 'SYNCED', VERSION + 1],
        ]);
      };

      it('is shown as such, and by which agents it is cut off', cutOff);

      it('is so already when it is asked for again, and is not lifted by a release that cannot read it', async () => {
        const { body } = await controlPlane.call('POST', '/v1/networks/dev/quarantine', {});
        expect(body).to.include({ changed: false, unchangedSince: VERSION + 1, version: VERSION + 1 });
        const lifted = await controlPlane.call('DELETE', '/v1/networks/dev/quarantine');
        expect(lifted.body.code).to.equal('STREAM_UNREADABLE');
      });

      it('stays so after a restart, and agents that hold it are ahead of nothing', async () => {
        await restart();
        await cutOff();
        expect((await controlPlane.call('GET', '/v1/epochs/next')).body.networks).to.deep.equal([]);
      });

      it('reaches an agent that was away and holds an earlier version, also after a restart', async () => {
        const { id } = (await controlPlane.call('GET', '/v1/networks/dev')).body;
        const taken = hostB.received.find(({ message }) => message.networkId === id && message.to < VERSION);
        const received = hostB.received.length;
        await controlPlane.stop();
        await controlPlane.startAgain();
        if (taken === undefined) throw new Error('host-b held no version of dev');
        const { networkId, epoch, to, hash, signature } = taken.message;
        hostB.held.set(networkId, { networkId, epoch, version: to, hash, signature });
        await hostB.contact('hello');
        await waitFor('host-b is told', () => hostB.received.length > received);
        await hostA.contact('heartbeat');
        await waitFor('it has let go', async () => (await agents()).every((agent) => agent.status === 'SYNCED'));
        await cutOff();
      });
    });
  });
}

describe('a network that can be read', () => {
  let controlPlane: TestControlPlane;
  let hostA: SimulatedAgent;

  before(async () => {
    controlPlane = await TestControlPlane.start();
    hostA = await controlPlane.agent('host-a', ['sbx-api']);
    await controlPlane.call('POST', '/v1/networks', { name: 'dev' });
    const attachment = { sandboxId: 'sbx-api', alias: 'api', ports: ['8080'] };
    await controlPlane.call('POST', '/v1/networks/dev/attachments', attachment);
  });
  after(() => controlPlane.end());

  it('is quarantined by an admin alone, takes writes meanwhile, and is served as it stands when that is lifted', async () => {
    const token = await controlPlane.call('POST', '/v1/tokens', {
      user: 'olga',
      role: 'operator',
      expiresInSeconds: 60,
    });
    const authorization = `Bearer ${String(token.body.token)}`;
    for (const method of ['POST', 'DELETE']) {
      const body = method === 'POST' ? {} : undefined;
      const refused = await controlPlane.call(method, '/v1/networks/dev/quarantine', body, { authorization });
      expect(refused.status).to.equal(403);
    }
    const applied = async (version: unknown) =>
      (await controlPlane.call('GET', `/v1/networks/dev/applied/${version}?waitSeconds=5`)).body;
    const cut = await controlPlane.call('POST', '/v1/networks/dev/quarantine', { reason: 'a leak' });
    expect(await applied(cut.body.version)).to.include({ confirmed: 1, expected: 1 });
    expect(hostA.received.at(-1)?.snapshot).to.include({ participates: false });
    const test = { from: 'local', alias: 'api', port: 8080 };
    expect((await controlPlane.call('POST', '/v1/networks/dev/tests', test)).body.code).to.equal('NETWORK_QUARANTINED');
    const rule = { effect: 'deny', from: 'any', to: 'api', port: 8080 };
    const written = await controlPlane.call('POST', '/v1/networks/dev/rules', rule);
    expect(await applied(written.body.version)).to.include({ confirmed: 1, expected: 1 });
    expect(hostA.received.at(-1)?.snapshot).to.include({ participates: false, version: written.body.version });
    const lifted = await controlPlane.call('DELETE', '/v1/networks/dev/quarantine');
    expect(await applied(lifted.body.version)).to.include({ confirmed: 1, expected: 1 });
    expect(hostA.received.at(-1)?.snapshot).to.include({ participates: true });
    expect(hostA.received.at(-1)?.snapshot.rules.map(({ effect }) => effect)).to.deep.equal(['deny']);
    expect((await controlPlane.call('GET', '/v1/networks/dev')).body).to.include({ status: 'SYNCED' });
    expect((await controlPlane.call('DELETE', '/v1/networks/dev/quarantine')).body.changed).to.equal(false);
  });
});
