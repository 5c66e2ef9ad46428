import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { BUS_PROTOCOL } from '#libs/contracts/bus/protocol.js';
import { agentSubject } from '#libs/contracts/bus/subjects.js';
import { parseFlowId } from '#libs/contracts/ids.js';
import { listenToBus } from '#test/support/bus-listener.js';
import { query } from '#test/support/postgres.js';
import { waitFor } from '#test/support/wait.js';
import { TestControlPlane } from './setup.js';
import type { SimulatedAgent } from './simulated-agent.js';

const newFlowId = () => parseFlowId(randomBytes(16).toString('hex'), 'flow');

describe('from a command to what agents applied', () => {
  let controlPlane: TestControlPlane;
  let hostA: SimulatedAgent;
  let hostB: SimulatedAgent;

  beforeEach(async () => {
    controlPlane = await TestControlPlane.start();
    hostA = await controlPlane.agent('host-a', ['sbx-web']);
    hostB = await controlPlane.agent('host-b', ['sbx-api']);
    await controlPlane.call('POST', '/v1/networks', { name: 'dev' });
    await controlPlane.call('POST', '/v1/networks/dev/attachments', { sandboxId: 'sbx-web' });
    await controlPlane.call('POST', '/v1/networks/dev/attachments', {
      sandboxId: 'sbx-api',
      alias: 'api',
      ports: ['8080'],
    });
  });

  afterEach(() => controlPlane.end());

  const deny = { effect: 'deny', from: 'sandbox:sbx-web', to: 'api', port: 8080 };
  const applied = (version: unknown, waitSeconds = 5) =>
    controlPlane.call('GET', `/v1/networks/dev/applied/${version}?waitSeconds=${waitSeconds}`);
  const newest = (agent: SimulatedAgent) => agent.received.at(-1)?.snapshot;

  it('brings every concerned agent the same signed snapshot, and says when all have acknowledged', async () => {
    const { body } = await controlPlane.call('POST', '/v1/networks/dev/rules', deny);
    const proof = await applied(body.version);
    expect(proof.body).to.deep.include({ network: 'dev', version: 5, confirmed: 2, expected: 2, supersededBy: null });
    expect(proof.body.elapsedMs).to.be.within(0, 5_000);
    expect(newest(hostA)).to.deep.equal(newest(hostB));
    expect(newest(hostA)?.rules.map(({ effect }) => effect)).to.deep.equal(['deny']);
  });

  it('counts a flow that both ends cut once', async () => {
    const [shared, other] = [newFlowId(), newFlowId()];
    hostA.onTopology = (_, message) => hostA.acknowledge(message, { flowsCut: [shared, other] });
    hostB.onTopology = (_, message) => hostB.acknowledge(message, { flowsCut: [shared] });
    const { body } = await controlPlane.call('POST', '/v1/networks/dev/rules', deny);
    const proof = await applied(body.version);
    expect(proof.body.flowsCut).to.equal(2);
    const agents = proof.body.agents as readonly { readonly tookMs: number }[];
    expect(agents.map(({ tookMs: _, ...agent }) => agent)).to.have.deep.members([
      { agentId: 'host-a', status: 'SYNCED', appliedVersion: 5, flowsCut: 2, reason: null },
      { agentId: 'host-b', status: 'SYNCED', appliedVersion: 5, flowsCut: 1, reason: null },
    ]);
    expect(Math.max(...agents.map(({ tookMs }) => tookMs))).to.equal(proof.body.elapsedMs);
  });

  it('answers while it waits as soon as the last acknowledgement is there', async () => {
    const late = Promise.withResolvers<void>();
    hostB.onTopology = async (_, message) => {
      await late.promise;
      await hostB.acknowledge(message);
    };
    const { body } = await controlPlane.call('POST', '/v1/networks/dev/rules', deny);
    const waiting = applied(body.version, 30);
    await waitFor('host-a acknowledged', async () => (await applied(body.version, 0)).body.confirmed === 1);
    late.resolve();
    const started = performance.now();
    expect((await waiting).body).to.include({ confirmed: 2, expected: 2 });
    expect(performance.now() - started).to.be.lessThan(3_000);
  });

  it('names the agent that keeps silent, and holds nobody else up', async () => {
    hostB.stop();
    const { body } = await controlPlane.call('POST', '/v1/networks/dev/rules', deny);
    const proof = await applied(body.version, 1);
    expect(proof.body).to.include({ confirmed: 1, expected: 2 });
    const agents = proof.body.agents as { agentId: string; status: string }[];
    expect(agents.find(({ agentId }) => agentId === 'host-b')?.status).to.equal('PENDING');
    hostB.goOn();
    expect((await applied(body.version, 10)).body).to.include({ confirmed: 2 });
  });

  it('sends again until an agent that was away answers', async () => {
    await hostB.close();
    const { body } = await controlPlane.call('POST', '/v1/networks/dev/rules', deny);
    await waitFor('host-a acknowledged', async () => (await applied(body.version, 0)).body.confirmed === 1);
    const before = hostB.received.length;
    await hostB.connect();
    expect((await applied(body.version, 10)).body).to.include({ confirmed: 2 });
    expect(hostB.received.length).to.be.greaterThan(before);
  });

  it('sends at once to an agent that has connected again, and not only with the next attempt', async () => {
    await hostB.close();
    const { nats } = controlPlane;
    // While somebody listens, an attempt lasts a second, and longer than that passes until the third.
    const listener = await listenToBus(nats.url, nats.keysFolder);
    try {
      const { body } = await controlPlane.call('POST', '/v1/networks/dev/rules', deny);
      const sent = () => listener.heard.filter(({ subject }) => subject === agentSubject(hostB.agentId, 'topology'));
      await waitFor('it was sent twice', () => sent().length === 2);
      const began = performance.now();
      await hostB.connect();
      expect((await applied(body.version, 10)).body).to.include({ confirmed: 2 });
      expect(performance.now() - began).to.be.lessThan(1_000);
    } finally {
      await listener.close();
    }
  });

  it('says that a version is superseded when an agent went past it', async () => {
    hostB.onTopology = async (snapshot, message) => {
      if (snapshot.version === 6) await hostB.acknowledge(message);
    };
    const first = await controlPlane.call('POST', '/v1/networks/dev/rules', deny);
    const second = await controlPlane.call('POST', '/v1/networks/dev/rules', { ...deny, from: 'local' });
    expect((await applied(second.body.version, 10)).body).to.include({ confirmed: 2, supersededBy: null });
    const proof = await applied(first.body.version, 1);
    expect(proof.body).to.include({ confirmed: 1, expected: 2, supersededBy: second.body.version });
  });

  it('expects the agent that a change leaves out, too', async () => {
    const { body } = await controlPlane.call('DELETE', '/v1/networks/dev/attachments/sbx-web');
    const proof = await applied(body.version);
    expect(proof.body).to.include({ confirmed: 2, expected: 2 });
    expect(newest(hostA)).to.include({ participates: false });
    expect(newest(hostA)?.sandboxes).to.deep.equal([]);
    const next = await controlPlane.call('POST', '/v1/networks/dev/rules', { ...deny, from: 'any' });
    expect((await applied(next.body.version)).body).to.include({ expected: 1 });
  });

  it('expects everybody that a deletion detaches', async () => {
    const cut = newFlowId();
    hostA.onTopology = (_, message) => hostA.acknowledge(message, { flowsCut: [cut] });
    const { body } = await controlPlane.call('DELETE', '/v1/networks/dev?detachAll=true');
    expect((await applied(body.version)).body).to.include({ confirmed: 2, expected: 2, flowsCut: 1 });
  });

  it('believes an agent that a failure is over, and that it is back', async () => {
    const failure = { alias: 'api' as never, code: 'ADDRESS_IN_USE', message: 'port 8080 is taken' };
    const { body } = await controlPlane.call('POST', '/v1/networks/dev/rules', deny);
    expect((await applied(body.version)).body).to.include({ confirmed: 2 });
    const last = hostB.received.at(-1);
    if (last === undefined) throw new Error('nothing received');
    const status = async () => (await controlPlane.call('GET', '/v1/networks/dev/status')).body.status;
    await hostB.acknowledge(last.message, { aliasFailures: [failure] });
    expect((await applied(body.version)).body).to.include({ confirmed: 1 });
    expect(await status()).to.equal('FAILED');
    // Its clock was set back meanwhile.
    await hostB.acknowledge(last.message, { appliedAt: new Date(Date.now() - 3_600_000).toISOString() });
    expect((await applied(body.version)).body).to.include({ confirmed: 2 });
    expect(await status()).to.equal('SYNCED');
  });

  it('reports refusals and failed aliases as they are', async () => {
    hostB.onTopology = (_, message) =>
      hostB.acknowledge(message, {
        aliasFailures: [{ alias: 'api' as never, code: 'ADDRESS_IN_USE', message: 'port 8080 is taken' }],
      });
    hostA.onTopology = (_, message) =>
      hostA.acknowledge(message, { outcome: 'refused', code: 'SIGNATURE_INVALID', message: 'not signed' });
    const { body } = await controlPlane.call('POST', '/v1/networks/dev/rules', deny);
    const proof = await applied(body.version);
    expect(proof.body).to.include({ confirmed: 0, expected: 2 });
    expect(JSON.stringify(proof.body.agents)).to.include('SIGNATURE_INVALID').and.include('ADDRESS_IN_USE');
    const status = await controlPlane.call('GET', '/v1/networks/dev/status');
    expect(status.body).to.include({ status: 'FAILED' });
  });

  it('keeps each acknowledgement once, however often it is repeated', async () => {
    const { body } = await controlPlane.call('POST', '/v1/networks/dev/rules', deny);
    await applied(body.version);
    const last = hostA.received.at(-1);
    if (last === undefined) throw new Error('nothing received');
    await hostA.acknowledge(last.message);
    await hostA.acknowledge(last.message);
    const rows = await query(
      controlPlane.databaseUrl,
      "SELECT count(*)::integer AS count FROM applied_log WHERE agent_id = 'host-a' AND to_version = $1",
      [body.version],
    );
    expect(rows).to.deep.equal([{ count: 1 }]);
  });

  it('sends a network again when an agent asks', async () => {
    await waitFor('host-a holds the network', () => newest(hostA)?.version === 4);
    const before = hostA.received.length;
    const networkId = newest(hostA)?.networkId;
    await hostA.send('sync', { protocol: BUS_PROTOCOL, networkId, have: null });
    await waitFor('the network arrived again', () => hostA.received.length > before);
    expect(newest(hostA)?.version).to.equal(4);
  });

  it('tells agents their versions and peers when they make contact', async () => {
    await waitFor('host-a holds the network', () => hostA.held.size === 1);
    const reply = await hostA.contact('heartbeat');
    expect(reply.networks.map(({ version }) => version)).to.deep.equal([4]);
    expect(reply.peers).to.deep.equal([hostB.asPeer()]);
    await hostB.contact('heartbeat', {
      mesh: { transport: 'direct', state: 'joined', code: null, message: null, endpoints: ['host-b.example:9999'] },
    });
    await waitFor('host-a was told', () => hostA.peers.some(({ endpoints }) => endpoints[0] === 'host-b.example:9999'));
  });

  it('tells agents their peers before the topology also when it was just started', async () => {
    await controlPlane.stop();
    await controlPlane.startAgain();
    hostA.peers = [];
    for (const agent of [hostA, hostB]) await agent.contact('heartbeat');
    let peersThen: typeof hostA.peers = [];
    hostA.onTopology = (_, message) => {
      peersThen = hostA.peers;
      return hostA.acknowledge(message);
    };
    await controlPlane.call('DELETE', '/v1/networks/dev/attachments/sbx-api');
    const { body } = await controlPlane.call('POST', '/v1/networks/dev/attachments', { sandboxId: 'sbx-api' });
    await applied(body.version);
    expect(peersThen).to.deep.equal([hostB.asPeer()]);
  });

  it('brings a topology that is larger than one message in parts', async () => {
    const big = await controlPlane.agent(
      'host-big',
      Array.from({ length: 120 }, (_, index) => `sbx-${index}`),
    );
    // An agent of an earlier release, which gets no deltas.
    big.takesDeltas = false;
    await big.contact('heartbeat');
    const set = Object.fromEntries(Array.from({ length: 32 }, (_, n) => [`${'k'.repeat(60)}${n}`, 'v'.repeat(63)]));
    for (let index = 0; index < 120; index += 1) {
      await controlPlane.call('PATCH', `/v1/sandboxes/sbx-${index}/labels`, { set });
      await controlPlane.call('POST', '/v1/networks/dev/attachments', { sandboxId: `sbx-${index}` });
    }
    const { body } = await controlPlane.call('POST', '/v1/networks/dev/rules', deny);
    expect((await applied(body.version, 10)).body).to.include({ confirmed: 3, expected: 3 });
    expect(newest(big)).to.deep.equal(newest(hostA));
    expect(newest(big)?.sandboxes).to.have.length(122);
    expect(big.received.at(-1)?.message.part.count).to.be.greaterThan(1);
  });

  describe('by a delta', () => {
    const last = (agent: SimulatedAgent) => agent.received.at(-1)?.message;
    const addRule = async (from: string) => {
      const { body } = await controlPlane.call('POST', '/v1/networks/dev/rules', { ...deny, from });
      expect((await applied(body.version)).body).to.include({ confirmed: 2, expected: 2 });
      return Number(body.version);
    };

    beforeEach(async () => expect((await applied(4)).body).to.include({ confirmed: 2 }));

    it('brings what changed to an agent that is known to hold the version before', async () => {
      const version = await addRule('any');
      const message = last(hostA);
      expect(message).to.include({ from: version - 1, to: version });
      const { rules, ...rest } = JSON.parse(String(message?.body));
      expect(rules.put).to.have.length(1);
      expect(JSON.stringify(rest)).not.to.include('sbx-web');
    });

    it('also after a restart, once the agent has said that it holds the present version', async () => {
      await controlPlane.stop();
      await controlPlane.startAgain();
      await Promise.all([hostA.contact('heartbeat'), hostB.contact('heartbeat')]);
      const version = await addRule('any');
      expect(last(hostA)).to.include({ from: version - 1 });
    });

    it('never to an agent that has not said that it takes one', async () => {
      hostA.takesDeltas = false;
      await hostA.contact('heartbeat');
      await addRule('any');
      expect(last(hostA)).to.include({ from: null });
      expect(last(hostB)?.from).to.be.a('number');
    });

    it('and by the snapshot at once when the agent holds something else after all', async () => {
      hostA.received.pop();
      await addRule('any');
      expect(last(hostA)).to.include({ from: null });
      await addRule('local');
      expect(last(hostA)?.from).to.be.a('number');
    });

    it('not of an epoch that has ended', async () => {
      await controlPlane.call('POST', '/v1/epochs', { after: 1 });
      await waitFor('the new epoch is taken', () => last(hostA)?.epoch.counter === 2);
      expect(last(hostA)).to.include({ from: null });
    });
  });

  it('knows everything again after a restart', async () => {
    const { body } = await controlPlane.call('POST', '/v1/networks/dev/rules', deny);
    await applied(body.version);
    const before = await Promise.all(
      ['networks/dev', 'networks/dev/aliases', 'networks/dev/rules', 'networks/dev/attachments'].map((path) =>
        controlPlane.call('GET', `/v1/${path}`),
      ),
    );
    await controlPlane.stop();
    await controlPlane.startAgain();
    await Promise.all([hostA.contact('heartbeat'), hostB.contact('heartbeat')]);
    const after = await Promise.all(
      ['networks/dev', 'networks/dev/aliases', 'networks/dev/rules', 'networks/dev/attachments'].map((path) =>
        controlPlane.call('GET', `/v1/${path}`),
      ),
    );
    // The log has the time at which an acknowledgement was written, this process the time at which it arrived: a few
    // milliseconds apart.
    const known = (answers: typeof after) =>
      answers.map(({ text }) => text.replace(/"elapsedMs":\d+/, '"elapsedMs":0'));
    expect(known(after)).to.deep.equal(known(before));
    expect((await applied(body.version, 5)).body).to.include({ confirmed: 2, expected: 2 });
    const next = await controlPlane.call('POST', '/v1/networks/dev/rules', { ...deny, from: 'local' });
    expect((await applied(next.body.version)).body).to.include({ confirmed: 2 });
  });
});
