import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { loadTopologySigner } from '#libs/bus/signing.js';
import type { NetworkVersion } from '#libs/contracts/bus/network-version.js';
import { BUS_PROTOCOL } from '#libs/contracts/bus/protocol.js';
import { parseNetworkId } from '#libs/contracts/ids.js';
import { snapshotHash } from '#libs/policy/snapshot-digest.js';
import { snapshotText } from '#libs/policy/snapshot-text.js';
import { query } from '#test/support/postgres.js';
import { snapshotOf } from '#test/support/snapshots.js';
import { waitFor } from '#test/support/wait.js';
import { callApi } from './api.js';
import { TestControlPlane } from './setup.js';
import type { SimulatedAgent } from './simulated-agent.js';

const WEB = { sandboxId: 'sbx-web', alias: 'web', ports: ['8080'] };
const API = { sandboxId: 'sbx-api', alias: 'api', ports: ['8080'] };
const allow = { effect: 'allow', from: 'web', to: 'api', port: 8080 };
const deny = { ...allow, effect: 'deny' };

describe('a store that was restored, and agents that lie', () => {
  let controlPlane: TestControlPlane;
  let hostA: SimulatedAgent;
  let hostB: SimulatedAgent;
  let outsider: SimulatedAgent;

  beforeEach(async () => {
    controlPlane = await TestControlPlane.start();
    hostA = await controlPlane.agent('host-a', ['sbx-web']);
    hostB = await controlPlane.agent('host-b', ['sbx-api']);
    outsider = await controlPlane.agent('host-z', ['sbx-other']);
    await call('POST', '/v1/networks', { name: 'dev' });
    await call('POST', '/v1/networks/dev/attachments', WEB);
    await call('POST', '/v1/networks/dev/attachments', API);
    await written('/v1/networks/dev/rules', allow);
  });

  afterEach(() => controlPlane.end());

  const call = (method: string, path: string, body?: unknown) => controlPlane.call(method, path, body);
  const applied = async (version: unknown, waitSeconds = 5) =>
    (await call('GET', `/v1/networks/dev/applied/${version}?waitSeconds=${waitSeconds}`)).body;
  const status = async (network = 'dev') => (await call('GET', `/v1/networks/${network}/status`)).body;
  const metrics = async () => (await callApi(controlPlane.url, 'GET', '/metrics')).text;

  async function written(path: string, body: unknown) {
    const answer = await call('POST', path, body);
    expect(answer.status, answer.text).to.be.within(200, 201);
    const proof = await applied(answer.body.version);
    expect(proof).to.include({ confirmed: 2, expected: 2 });
    return answer.body;
  }

  function heldBy(agent: SimulatedAgent): NetworkVersion {
    const [held] = agent.held.values();
    if (held === undefined) throw new Error(`${agent.agentId} holds nothing`);
    return held;
  }

  /** Claims a later version, signed by the control plane in a history that was lost. */
  function aheadOf(agent: SimulatedAgent, change: Partial<NetworkVersion> & { name?: string } = {}) {
    const present = heldBy(hostA);
    const snapshot = snapshotOf({
      networkId: change.networkId ?? present.networkId,
      name: change.name ?? 'dev',
      version: change.version ?? present.version + 6,
      sandboxes: { 'sbx-web': 'host-a', 'sbx-api': 'host-b' },
      aliases: { web: { sandbox: 'sbx-web', ports: [8080] }, api: { sandbox: 'sbx-api', ports: [8080, 9090] } },
      allow: ['web api 9090'],
    });
    const { networkId, version } = snapshot;
    const epoch = change.epoch ?? present.epoch;
    const hash = snapshotHash(snapshot);
    const signer = loadTopologySigner(controlPlane.nats.keysFolder);
    const signature = signer.sign(agent.agentId, { epoch, networkId, to: version, hash });
    agent.held.set(networkId, { networkId, epoch, version, hash, signature });
    agent.serveDiagnose(async () => ({
      protocol: BUS_PROTOCOL,
      kind: 'held',
      held: {
        version: { networkId, epoch, version, hash, signature },
        part: { index: 0, count: 1 },
        body: snapshotText(snapshot),
      },
    }));
  }

  it('an acknowledgement of the same number with another hash proves nothing', async () => {
    hostB.onTopology = async () => {};
    const { body } = await call('POST', '/v1/networks/dev/rules', deny);
    const offered = await waitFor(
      'the denial arrives',
      () => hostB.received.find(({ message }) => message.to === body.version)?.message,
    );
    const refusal = await hostB
      .send('applied', {
        ...{ protocol: BUS_PROTOCOL, networkId: offered.networkId, epoch: offered.epoch, from: 6, to: offered.to },
        ...{ hash: 'f'.repeat(64), signature: null, outcome: 'applied', code: null, message: null },
        ...{ aliasFailures: [], flowsCut: [], appliedAt: new Date().toISOString() },
      })
      .catch((error: unknown) => error);
    expect(refusal).to.include({ ok: false, code: 'CLAIM_NOT_SIGNED' });
    expect(await applied(body.version, 0)).to.include({ confirmed: 1, expected: 2 });
    const shown = await status();
    expect(shown.status).to.equal('FAILED');
    expect(shown.agents).to.satisfy((agents: readonly { agentId: string; reason: string }[]) =>
      agents.some(({ agentId, reason }) => agentId === 'host-b' && reason.startsWith('CLAIM_NOT_SIGNED')),
    );
    // Its next report may be right again, and is.
    await hostB.acknowledge(offered);
    expect(await applied(body.version)).to.include({ confirmed: 2 });
    expect((await status()).status).to.equal('SYNCED');
  });

  it('an agent ahead by a signed version stops the network, also after a restart of the control plane', async () => {
    aheadOf(hostA);
    await hostA.contact('heartbeat');
    expect((await call('GET', '/v1/networks/dev')).body.status).to.equal('EPOCH_REGRESSED');
    await waitFor('it is in the store', async () => {
      const rows = await query(controlPlane.databaseUrl, 'SELECT agent_id FROM epoch_regressions');
      return rows.length === 1;
    });
    await controlPlane.stop();
    await controlPlane.startAgain();
    // Nobody has contacted the new process.
    expect((await call('GET', '/v1/networks/dev')).body.status).to.equal('EPOCH_REGRESSED');
    expect(await metrics()).to.match(/^gs_regressed_networks 1$/m);
    expect((await callApi(controlPlane.url, 'GET', '/readyz')).text).to.include('"networksThatWaitForANewEpoch":1');
  });

  it('takes denials meanwhile and says that they are not proven; refuses everything else with the way out', async () => {
    hostB.onTopology = (_, message) => hostB.acknowledge(message);
    aheadOf(hostA);
    await hostA.contact('heartbeat');
    const writes: readonly (readonly [string, string, unknown])[] = [
      ['POST', '/v1/networks/dev/rules', { ...allow, from: 'any' }],
      ['POST', '/v1/networks/dev/attachments', { sandboxId: 'sbx-other' }],
      ['POST', '/v1/networks/dev/aliases', { sandboxId: 'sbx-api', alias: 'more', ports: ['1'] }],
      ['DELETE', '/v1/networks/dev/aliases/web', undefined],
      ['DELETE', '/v1/networks/dev/attachments/sbx-web', undefined],
      ['DELETE', '/v1/networks/dev?detachAll=true', undefined],
    ];
    for (const [method, path, body] of writes) {
      const refused = await call(method, path, body);
      expect(refused.status, `${method} ${path}`).to.equal(409);
      expect(refused.body).to.include({ code: 'EPOCH_REGRESSED', remedy: 'gstacks admin new-epoch' });
    }
    const denied = await call('POST', '/v1/networks/dev/rules', deny);
    expect(denied.status).to.equal(201);
    expect(denied.body.warnings).to.satisfy((warnings: readonly { code: string }[]) =>
      warnings.some(({ code }) => code === 'EPOCH_REGRESSED'),
    );
    // host-b can accept it, and does; host-a holds a later version of a lost history.
    const proof = await waitFor('host-b follows', async () => {
      const answer = await applied(denied.body.version, 1);
      return answer.confirmed === 1 ? answer : undefined;
    });
    expect(proof.agents).to.satisfy((agents: readonly { agentId: string; status: string; reason: string }[]) =>
      agents.some(
        ({ agentId, status: is, reason }) =>
          agentId === 'host-a' && is === 'FAILED' && reason.includes('EPOCH_REGRESSED'),
      ),
    );
  });

  it('sends nothing to an agent until it has heard what the agent holds', async () => {
    await controlPlane.stop();
    await controlPlane.startAgain();
    const before = hostA.received.length + hostB.received.length;
    const { body } = await call('POST', '/v1/networks/dev/rules', { ...allow, from: 'any' });
    expect(await applied(body.version, 1)).to.include({ confirmed: 0, expected: 2 });
    expect(hostA.received.length + hostB.received.length).to.equal(before);
    await hostA.contact('heartbeat');
    await hostB.contact('heartbeat');
    expect(await applied(body.version)).to.include({ confirmed: 2 });
  });

  it('notices an agent of a lost history though the store has gone past its version and was started again', async () => {
    aheadOf(hostA, { version: 7 });
    hostA.onTopology = async () => {};
    // No agent is in contact, as when the hosts are cut off, while the restored store continues past version 7.
    for (let port = 1; port <= 6; port += 1) {
      await call('POST', '/v1/networks/dev/rules', { ...allow, from: `sandbox:sbx-${port}` });
    }
    await controlPlane.stop();
    await controlPlane.startAgain();
    const before = hostA.received.length;
    await hostA.contact('heartbeat');
    await waitFor('it is noticed', async () => (await status()).status === 'EPOCH_REGRESSED');
    expect(hostA.received.length).to.equal(before);
  });

  it('ends with a new epoch, which shows first what becomes reachable and what no longer', async () => {
    aheadOf(hostA);
    await hostA.contact('heartbeat');
    const preview = (await call('GET', '/v1/epochs/next')).body;
    expect(preview).to.deep.include({ next: 2 });
    expect(preview.networks).to.have.length(1);
    const [network] = preview.networks as readonly Record<string, unknown>[];
    expect(network).to.deep.include({
      name: 'dev',
      gained: ['sandbox:sbx-web -> api:8080'],
      lost: ['sandbox:sbx-web -> api:9090'],
    });
    const late = await call('POST', '/v1/epochs', { after: 7 });
    expect(late.body).to.include({ code: 'EPOCH_MOVED' });
    const started = await call('POST', '/v1/epochs', { after: 1 });
    expect(started.status, started.text).to.equal(201);
    await waitFor('both agents follow the new epoch', async () => {
      for (const agent of [hostA, hostB]) await agent.contact('heartbeat');
      return (await status()).status === 'SYNCED';
    });
    expect(heldBy(hostA).epoch.counter).to.equal(2);
    expect(await metrics()).to.match(/^gs_regressed_networks 0$/m);
    expect((await call('POST', '/v1/networks/dev/rules', { ...allow, from: 'any' })).status).to.equal(201);
  });

  it('follows an epoch that somebody else started in the store', async () => {
    await query(controlPlane.databaseUrl, "INSERT INTO store_epochs (counter, id) VALUES (5, 'by-restore')");
    await waitFor(
      'agents hold the new epoch',
      () => heldBy(hostA).epoch.counter === 5 && heldBy(hostB).epoch.counter === 5,
    );
    expect((await call('GET', '/v1/networks/dev')).body.epoch).to.deep.equal({ counter: 5, id: 'by-restore' });
  });

  it('starts the new epoch above the highest that agents follow, though the store has forgotten it', async () => {
    aheadOf(hostA, { epoch: { counter: 4, id: 'forgotten' } });
    await hostA.contact('heartbeat');
    expect((await call('GET', '/v1/epochs/next')).body.next).to.equal(5);
    expect((await call('POST', '/v1/epochs', { after: 1 })).body.epoch).to.include({ counter: 5 });
  });

  it('lists a network that only agents know, and lets go of it with the new epoch', async () => {
    aheadOf(hostA, { networkId: parseNetworkId('abcdef', 'network'), name: 'lost', version: 9 });
    await hostA.contact('heartbeat');
    const unknown = await waitFor('its name is known', async () => {
      const { unknown: found } = (await call('GET', '/v1/networks')).body;
      return Array.isArray(found) && found[0]?.name === 'lost' && found;
    });
    expect(unknown).to.deep.equal([{ id: 'abcdef', name: 'lost', agents: ['host-a'] }]);
    expect(await status('lost')).to.deep.include({ status: 'EPOCH_REGRESSED' });
    await call('POST', '/v1/epochs', { after: 1 });
    await hostA.contact('heartbeat');
    const told = await waitFor('host-a is told to let go', () =>
      hostA.received.find(({ snapshot }) => snapshot.networkId === 'abcdef'),
    );
    expect(told.snapshot.participates).to.equal(false);
    await hostA.contact('heartbeat');
    expect((await call('GET', '/v1/networks')).body.unknown).to.deep.equal([]);
  });

  const claims: readonly (readonly [string, (held: NetworkVersion) => NetworkVersion])[] = [
    ['a version far ahead', (held) => ({ ...held, version: 5_000 })],
    ['a version far ahead, with the signature of another', (held) => ({ ...held, version: 5_000, signature: 'AAAA' })],
    ['the present version with another hash', (held) => ({ ...held, hash: 'f'.repeat(64) })],
    ['the highest epoch there can be', (held) => ({ ...held, epoch: { counter: 2_147_483_647, id: 'x' } })],
    ['the epoch of another store', (held) => ({ ...held, epoch: { ...held.epoch, id: 'other' } })],
  ];
  for (const [what, lie] of claims) {
    it(`sets apart an agent that claims ${what}, and serves all others as ever`, async () => {
      // It applies nothing that it is sent, and keeps lying.
      hostA.onTopology = async () => {};
      const honest = heldBy(hostA);
      hostA.held.set(honest.networkId, lie({ ...honest, signature: null }));
      await hostA.contact('heartbeat');
      const shown = await status();
      expect(shown.status).to.equal('FAILED');
      expect(shown.agents).to.satisfy((agents: readonly { agentId: string; status: string; reason: string | null }[]) =>
        agents.every(({ agentId, status: is, reason }) =>
          agentId === 'host-a' ? is === 'FAILED' && reason?.startsWith('CLAIM_NOT_SIGNED') : is === 'SYNCED',
        ),
      );
      expect(await metrics()).to.match(/^gs_agents_with_doubted_claims 1$/m);
      const { body } = await call('POST', '/v1/networks/dev/rules', deny);
      expect(await applied(body.version)).to.include({ confirmed: 1, expected: 2 });
      expect((await call('GET', '/v1/networks/dev')).body.status).not.to.equal('EPOCH_REGRESSED');
    });

    it(`counts it from an agent that has no part in the network, and does nothing: ${what}`, async () => {
      const { networkId, ...version } = lie({ ...heldBy(hostA), signature: null });
      const before = await query(controlPlane.databaseUrl, 'SELECT count(*) FROM applied_log');
      await outsider.contact('heartbeat', { networks: [{ networkId, ...version }] });
      const answer = await outsider.send('applied', {
        ...{ protocol: BUS_PROTOCOL, networkId, epoch: version.epoch, from: null, to: version.version },
        ...{ hash: version.hash, signature: version.signature, outcome: 'applied', code: null, message: null },
        ...{ aliasFailures: [], flowsCut: [], appliedAt: new Date().toISOString() },
      });
      expect(answer).to.include({ ok: false, code: 'NOT_A_MEMBER' });
      expect((await status()).status).to.equal('SYNCED');
      expect(await metrics()).to.match(/^gs_claims_refused_total\{reason="NOT_A_MEMBER"\} [1-9]/m);
      expect(await query(controlPlane.databaseUrl, 'SELECT count(*) FROM applied_log')).to.deep.equal(before);
      await written('/v1/networks/dev/rules', deny);
    });
  }

  it('an outsider refuses nothing either', async () => {
    const { networkId, epoch } = heldBy(hostA);
    const answer = await outsider.send('applied', {
      ...{ protocol: BUS_PROTOCOL, networkId, epoch, from: null, to: 1, hash: 'f'.repeat(64), signature: null },
      ...{ outcome: 'refused', code: 'NO', message: 'no', aliasFailures: [], flowsCut: [] },
      appliedAt: new Date().toISOString(),
    });
    expect(answer).to.include({ ok: false, code: 'NOT_A_MEMBER' });
  });

  it('lets go of what a revoked agent claimed', async () => {
    aheadOf(hostA);
    await hostA.contact('heartbeat');
    expect((await call('DELETE', '/v1/agents/host-a')).status).to.equal(200);
    await waitFor(
      'the network goes on',
      async () => (await call('GET', '/v1/networks/dev')).body.status !== 'EPOCH_REGRESSED',
    );
    const kept = () => query(controlPlane.databaseUrl, 'SELECT * FROM epoch_regressions');
    await waitFor('the claim is not kept any more', async () => (await kept()).length === 0);
  });

  it('tells a database that is older than its keys from keys of another store', async () => {
    const copy = `${new URL(controlPlane.databaseUrl).pathname.slice(1)}_copy`;
    await controlPlane.stop();
    const server = (database: string) =>
      Object.assign(new URL(controlPlane.databaseUrl), { pathname: `/${database}` }).href;
    const name = new URL(controlPlane.databaseUrl).pathname.slice(1);
    await query(server('postgres'), `CREATE DATABASE "${copy}" TEMPLATE "${name}"`);
    await controlPlane.startAgain();
    for (const agent of [hostA, hostB]) await agent.contact('heartbeat');
    await written('/v1/networks/dev/rules', deny);
    await controlPlane.stop();
    await query(server('postgres'), `DROP DATABASE "${name}"`);
    await query(server('postgres'), `ALTER DATABASE "${copy}" RENAME TO "${name}"`);
    await controlPlane.startAgain();
    expect(controlPlane.log.join('')).to.include('DATABASE_OLDER_THAN_KEYS');
    expect((await callApi(controlPlane.url, 'GET', '/readyz')).text).to.include('"databaseIsOlderThanKeys":true');
    await controlPlane.stop();
    const key = join(controlPlane.nats.keysFolder, 'topology-signing.pem');
    renameSync(key, `${key}.kept`);
    const before = controlPlane.log.length;
    const refusal = await controlPlane.startAgain().catch((error: unknown) => error);
    expect(refusal).to.include({ code: 'KEYS_OF_ANOTHER_STORE' });
    // A failed start leaves no connection open, even if it had opened one.
    const last = busStates(controlPlane.log.slice(before)).at(-1);
    expect(last ?? 'closed').to.equal('closed');
    renameSync(`${key}.kept`, key);
    await controlPlane.startAgain();
    await call('POST', '/v1/epochs', { after: 1 });
    expect((await callApi(controlPlane.url, 'GET', '/readyz')).text).to.include('"databaseIsOlderThanKeys":false');
  });
});

/** The control plane's log lines about its connection to the bus. */
function busStates(log: readonly string[]): readonly string[] {
  return log.flatMap((line) => {
    const { msg, state } = JSON.parse(line) as { readonly msg: string; readonly state?: string };
    return msg === 'bus' && state !== undefined ? [state] : [];
  });
}
