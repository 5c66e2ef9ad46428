import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { expect } from 'chai';
import { FairQueues } from '#libs/async/fair-queues.js';
import { parseFlowId, parseLocalNodeId, parseUserName } from '#libs/contracts/ids.js';
import { createDial } from '#libs/data-plane/flows/dial.js';
import type { FlowRequest, MeshIdentity } from '#libs/mesh/flow.js';
import { askForFlow } from '#test/support/asked-flow.js';
import { FlowRig, HOST_A, HOST_B, outcomeOf, type RigOptions } from '#test/support/flow-rig.js';
import { createHeldDial, type HeldDial } from '#test/support/held-dial.js';
import { TEST_NETWORK } from '#test/support/network-view.js';
import { waitFor } from '#test/support/wait.js';

let rig: FlowRig;

function start(options: Partial<RigOptions> = {}): Promise<FlowRig> {
  return FlowRig.start({
    target: 'same host',
    serve: (socket) => socket.on('data', (bytes) => socket.write(bytes)),
    ...options,
  });
}

/** A client in another process sends something and resets, while this one accepts no connection. */
function sendAndReset(): void {
  const { address, port } = rig.route;
  const { status } = spawnSync(process.execPath, [
    '-e',
    `const socket = require('node:net').connect({ host: '${address}', port: ${port}, localAddress: '127.88.0.2' });
     socket.write('hello', () => socket.resetAndDestroy());`,
  ]);
  expect(status).to.equal(0);
}

function ask(peer: MeshIdentity, changes: Partial<FlowRequest> = {}, signal?: AbortSignal): Promise<string> {
  return askForFlow(rig, peer, changes, signal);
}

const agentA: MeshIdentity = { kind: 'agent', agentId: HOST_A };
const agentB: MeshIdentity = { kind: 'agent', agentId: HOST_B };
const ada = { kind: 'local', user: parseUserName('ada', 'user'), node: parseLocalNodeId('laptop', 'node') } as const;

describe('a target host', () => {
  afterEach(() => rig.close());

  it('accepts a source placed on the peer that names it, and says its own version', async () => {
    rig = await start({ target: 'other host' });
    rig.hostB.apply(TEST_NETWORK, rig.view(4));
    expect(await ask(agentA)).to.equal('accepted 4');
  });

  it('hears of local nodes only those that are admitted, and cuts the flows of one that is not any more', async () => {
    const admitted = new Set([ada.node]);
    rig = await start({ target: 'other host', admitsLocal: (_network, { node }) => admitted.has(node) });
    rig.hostB.apply(TEST_NETWORK, rig.view(4, { allow: [`any api ${rig.route.port}`, `local api ${rig.route.port}`] }));
    expect(await ask(ada, { source: ada })).to.equal('accepted 4');
    expect(await ask(agentA)).to.equal('accepted 4');
    expect(rig.hostB.localNodesChanged()).to.deep.equal([]);

    admitted.clear();
    expect(rig.hostB.localNodesChanged()).to.have.length(1);
    expect(rig.hostB.flows().map(({ source }) => source?.kind)).to.deep.equal(['sandbox']);
    expect(await ask(ada, { source: ada })).to.equal('refused LOCAL_NODE_NOT_ADMITTED 4');
  });

  it('refuses a source that is not placed on the peer that names it', async () => {
    rig = await start({ target: 'other host', admitsLocal: () => true });
    rig.hostB.apply(TEST_NETWORK, rig.view(4, { allow: [`any api ${rig.route.port}`, `local api ${rig.route.port}`] }));
    expect(await ask(agentB)).to.equal('refused SOURCE_NOT_ON_PEER 4');
    expect(await ask(ada)).to.equal('refused SOURCE_NOT_ON_PEER 4');
    expect(await ask(agentA, { source: ada })).to.equal('refused SOURCE_NOT_ON_PEER 4');
    expect(await ask(ada, { source: ada })).to.equal('accepted 4');
    const eve = { ...ada, node: parseLocalNodeId('desktop', 'node') };
    expect(await ask(ada, { source: eve })).to.equal('refused SOURCE_NOT_ON_PEER 4');
    expect(rig.targets).to.have.length(1);
  });

  it('refuses what another host has, and what its driver does not report', async () => {
    rig = await start({ target: 'same host' });
    rig.hostB.apply(TEST_NETWORK, rig.view(4));
    expect(await ask(agentA)).to.equal('refused TARGET_NOT_HERE 4');
    const { port } = rig.route;
    rig.hostB.apply(
      TEST_NETWORK,
      rig.view(5, {
        sandboxes: { 'sbx-web': 'host-a', 'sbx-ghost': 'host-b' },
        aliases: { api: { sandbox: 'sbx-ghost', ports: [`${port}:${rig.targetPort}`] } },
      }),
    );
    expect(await ask(agentA)).to.equal('tried and refused TARGET_NOT_HERE 5');
    expect(rig.targets).to.have.length(0);
  });

  it('refuses a flow id that is in use, and after it was let go takes it again', async () => {
    rig = await start({ target: 'other host' });
    rig.hostB.apply(TEST_NETWORK, rig.view(4));
    const flowId = parseFlowId('ab'.repeat(16), 'flow id');
    expect(await ask(agentA, { flowId })).to.equal('accepted 4');
    expect(await ask(agentA, { flowId })).to.equal('refused FLOW_ID_TAKEN 4');
    expect(await ask(agentA, { flowId })).to.equal('refused FLOW_ID_TAKEN 4');
    rig.hostB.apply(TEST_NETWORK, rig.denyingView(5));
    rig.hostB.apply(TEST_NETWORK, rig.view(6));
    expect(await ask(agentA, { flowId })).to.equal('accepted 6');
  });

  it('decides again after dialling: out of contact meanwhile, it refuses', async () => {
    const held: HeldDial[] = [];
    let fresh = true;
    const seams = { dial: createHeldDial((dial) => held.push(dial)) };
    rig = await start({ target: 'other host', seams, isFresh: () => fresh });
    rig.hostB.apply(TEST_NETWORK, rig.view(4));
    const answer = ask(agentA);
    const dial = await waitFor('the dial', () => held[0]);
    fresh = false;
    dial.release();
    expect(await answer).to.equal('tried and refused STALE 4');
    expect(dial.writes()).to.equal(0);
  });

  it('closes what it dialled for a peer that went away', async () => {
    const held: HeldDial[] = [];
    rig = await start({ target: 'other host', seams: { dial: createHeldDial((dial) => held.push(dial)) } });
    rig.hostB.apply(TEST_NETWORK, rig.view(4));
    const gone = new AbortController();
    const answer = ask(agentA, {}, gone.signal);
    const dial = await waitFor('the dial', () => held[0]);
    gone.abort();
    dial.release();
    expect(await answer).to.equal('tried and refused PEER_RESET 4');
    await waitFor('the connection to be closed', () => dial.end.stream.destroyed);
    expect(rig.hostB.flows()).to.deep.equal([]);
  });
});

describe('a source host', () => {
  afterEach(() => rig.close());

  const refused = async (code: string, client = rig.connect()) => {
    client.write('hello');
    expect(await outcomeOf(client)).to.equal('ECONNRESET');
    expect(rig.records.at(-1)).to.include({ outcome: 'refused', code, bytesToTarget: 0 });
  };

  it('refuses a client that its driver does not know', async () => {
    rig = await start();
    rig.apply(rig.view(1));
    await refused('NOT_ATTACHED', rig.connect('127.88.0.99'));
    expect(rig.records.at(-1)).to.include({ source: null });
  });

  it('says of a client that reset before it was accepted that its source did, and makes no flow of it', async () => {
    let turnsTaken = 0;
    const turns = new (class extends FairQueues {
      override add(...asked: Parameters<FairQueues['add']>): boolean {
        turnsTaken += 1;
        return super.add(...asked);
      }
    })(1);
    rig = await start({ seams: { turns } });
    rig.apply(rig.view(1));
    sendAndReset();
    const [refusal] = await waitFor('the refusal', () => rig.records.length > 0 && rig.records);
    expect(refusal).to.include({ outcome: 'refused', code: 'SOURCE_RESET', source: null });
    expect(rig.targets).to.have.length(0);
    expect(turnsTaken).to.equal(0);
  });

  it('makes a flow for a client of a local node that reset before it was accepted: what it sent is to be delivered', async () => {
    const localSource = {
      kind: 'local' as const,
      user: parseUserName('ada', 'user'),
      node: parseLocalNodeId('laptop', 'node'),
    };
    rig = await start({ target: 'other host', localSource });
    rig.apply(rig.view(1, { allow: [`local api ${rig.route.port}`] }));
    sendAndReset();
    const [record] = await waitFor('the end of the flow', () => rig.records.length > 0 && rig.records);
    // The target was asked. Between these two hosts only an agent asks, which cannot pass for a laptop.
    expect(record).to.deep.include({ source: localSource, code: 'SOURCE_NOT_HERE' });
  });

  it('refuses everything of a network it does not hold', async () => {
    rig = await start();
    await refused('NETWORK_UNKNOWN');
  });

  it('refuses while it is out of contact for too long, and resets what is open', async () => {
    let fresh = true;
    rig = await start({ isFresh: () => fresh, limits: { idleTimeoutMs: 200 } });
    rig.apply(rig.view(1));
    const client = rig.connect();
    client.write('hello');
    await once(client, 'data');
    const outcome = outcomeOf(client);
    fresh = false;
    expect(await outcome).to.equal('ECONNRESET');
    expect(rig.records.at(-1)).to.include({ outcome: 'cut', code: 'STALE' });
    await refused('STALE');
  });

  it('bounds the flows of one source, and of the host', async () => {
    for (const limits of [{ flowsPerSource: 2 }, { flows: 2 }]) {
      rig = await start({ limits });
      rig.apply(rig.view(1));
      for (const client of [rig.connect(), rig.connect()]) {
        client.write('hello');
        await once(client, 'data');
      }
      await refused('FLOW_LIMIT');
      rig.clients[0]?.resetAndDestroy();
      await waitFor('the first flow to be forgotten', () => rig.hostA.flows().length === 2);
      const client = rig.connect();
      client.write('hello');
      await once(client, 'data');
      await refused('FLOW_LIMIT');
      if ('flowsPerSource' in limits) await rig.close();
    }
  });

  it('resets a flow on which nothing moved for the idle time, and none on which something did', async () => {
    rig = await start({ limits: { idleTimeoutMs: 200 } });
    rig.apply(rig.view(1));
    const [idle, busy] = [rig.connect(), rig.connect()];
    for (const client of [idle, busy]) {
      client.write('hello');
      await once(client, 'data');
    }
    const from = performance.now();
    const outcome = outcomeOf(idle);
    await waitFor('the idle flow to be reset', async () => {
      busy.write('more');
      await once(busy, 'data');
      return idle.destroyed;
    });
    expect(performance.now() - from).to.be.greaterThan(190);
    expect(await outcome).to.equal('ECONNRESET');
    expect(rig.records.at(-1)).to.include({ outcome: 'reset', code: 'IDLE_TIMEOUT' });
    await waitFor('twice the idle time, with a byte now and then', async () => {
      busy.write('more');
      await once(busy, 'data');
      return performance.now() - from > 600;
    });
    expect(busy.destroyed).to.equal(false);
  });

  it('refuses after the time a connection may take', async () => {
    rig = await start({ limits: { connectTimeoutMs: 50 }, seams: { dial: () => new Promise(() => {}) } });
    rig.apply(rig.view(1));
    await refused('CONNECT_TIMEOUT');
  });

  it('refuses to dial link-local, multicast and the ranges it is told', async () => {
    const dial = createDial(['127.77.0.0/16', '10.9.0.1']);
    const signal = new AbortController().signal;
    for (const address of [
      '169.254.169.254',
      '224.0.0.1',
      '0.0.0.0',
      '127.77.3.4',
      '10.9.0.1',
      'fe80::1',
      'localhost',
    ]) {
      const error = await dial(address, 80, signal).then(
        () => null,
        (reason) => reason,
      );
      expect(error, address).to.include({ code: 'TARGET_FORBIDDEN' });
    }
  });

  it('resets every flow, and takes none, once it is closed', async () => {
    rig = await start();
    rig.apply(rig.view(1));
    const client = rig.connect();
    client.write('hello');
    await once(client, 'data');
    const outcome = outcomeOf(client);
    await rig.hostA.close();
    expect(await outcome).to.equal('ECONNRESET');
    expect(rig.records.at(-1)).to.include({ outcome: 'reset', code: 'SHUTTING_DOWN' });
    expect(await outcomeOf(rig.connect())).to.equal('ECONNRESET');
  });
});
