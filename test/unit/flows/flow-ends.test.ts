import { once } from 'node:events';
import type { Socket } from 'node:net';
import { expect } from 'chai';
import { parseLocalNodeId, parseSandboxId, parseUserName } from '#libs/contracts/ids.js';
import type { Dial } from '#libs/data-plane/flows/dial.js';
import { WastedFlows } from '#libs/data-plane/flows/wasted-flows.js';
import type { FlowSource } from '#libs/policy/model.js';
import { askForFlow } from '#test/support/asked-flow.js';
import { FlowRig, HOST_A, outcomeOf, type RigOptions } from '#test/support/flow-rig.js';
import { createHeldDial, type HeldDial } from '#test/support/held-dial.js';
import { TEST_NETWORK } from '#test/support/network-view.js';
import { waitFor } from '#test/support/wait.js';

const web = parseSandboxId('sbx-web', 'sandbox');
const api = parseSandboxId('sbx-api', 'sandbox');
const ada = { kind: 'local', user: parseUserName('ada', 'user'), node: parseLocalNodeId('laptop', 'node') } as const;

describe('a flow that is open', () => {
  let rig: FlowRig;

  async function start(options: Partial<RigOptions> = {}): Promise<void> {
    rig = await FlowRig.start({
      target: 'other host',
      serve: (socket) => socket.on('data', (bytes) => socket.write(bytes)),
      ...options,
    });
  }

  async function opened(): Promise<Socket> {
    const client = rig.connect();
    client.write('hello');
    await once(client, 'data');
    return client;
  }

  const told = () =>
    rig.records.filter(({ outcome }) => outcome !== 'opened').map(({ role, code }) => `${role} ${code}`);

  afterEach(() => rig.close());

  it('is cut when this host no longer takes part in its network, and no other one is let in', async () => {
    await start({ target: 'same host' });
    rig.apply(rig.view(1));
    const outcome = outcomeOf(await opened());
    expect(rig.hostA.apply(TEST_NETWORK, null)).to.have.length(1);
    expect(await outcome).to.equal('ECONNRESET');
    expect([rig.hostA.view(TEST_NETWORK), rig.hostA.views()]).to.deep.equal([null, []]);
    expect(await outcomeOf(rig.connect())).to.equal('ECONNRESET');
    expect(told().filter((line) => line.startsWith('source'))).to.deep.equal([
      'source NETWORK_UNKNOWN',
      'source NETWORK_UNKNOWN',
    ]);
  });

  it('ends with the sandbox of its own host, at either end, and with none that the other host vouches for', async () => {
    for (const [first, gone] of [
      ['hostA', web],
      ['hostB', api],
    ] as const) {
      await start();
      rig.apply(rig.view(1));
      const client = await opened();
      rig.hostA.sandboxGone(api);
      rig.hostB.sandboxGone(web);
      client.write('still');
      await once(client, 'data');
      const outcome = outcomeOf(client);
      rig[first].sandboxGone(gone);
      expect(await outcome).to.equal('ECONNRESET');
      expect(told()[0]).to.equal(`${first === 'hostA' ? 'source' : 'target'} SANDBOX_GONE`);
      if (first === 'hostA') await rig.close();
    }
  });

  it('of a local node is cut when the node is admitted no more, also one that had to wait for a version', async () => {
    let isAdmitted = true;
    await start({ admitsLocal: () => isAdmitted, limits: { syncHoldMs: 10_000 } });
    const allow = { allow: [`local api ${rig.route.port}`] };
    rig.hostB.apply(TEST_NETWORK, rig.view(4, allow));
    const answer = askForFlow(rig, ada, { source: ada, version: 6 });
    await waitFor('the target to ask', () => rig.syncs.length > 0);
    rig.hostB.apply(TEST_NETWORK, rig.view(6, allow));
    expect(await answer).to.equal('accepted 6');
    isAdmitted = false;
    expect(rig.hostB.localNodesChanged()).to.have.length(1);
    expect(told()).to.deep.equal(['target LOCAL_NODE_NOT_ADMITTED']);
  });

  it('was not decided while it waited for a version: a local node that is admitted by then is let in', async () => {
    let isAdmitted = false;
    await start({ admitsLocal: () => isAdmitted, limits: { syncHoldMs: 10_000 } });
    const allow = { allow: [`local api ${rig.route.port}`] };
    rig.hostB.apply(TEST_NETWORK, rig.view(4, allow));
    const answer = askForFlow(rig, ada, { source: ada, version: 6 });
    await waitFor('the target to ask', () => rig.syncs.length > 0);
    expect(rig.hostB.localNodesChanged()).to.deep.equal([]);
    isAdmitted = true;
    rig.hostB.apply(TEST_NETWORK, rig.view(6, allow));
    expect(await answer).to.equal('accepted 6');
  });

  it('never opens once it was refused, however late the target is connected, and stops what connects it', async () => {
    const held: HeldDial[] = [];
    const signals: AbortSignal[] = [];
    const heldDial = createHeldDial((dial) => held.push(dial));
    const dial: Dial = (address, port, signal) => {
      signals.push(signal);
      return heldDial(address, port, new AbortController().signal);
    };
    await start({ target: 'same host', limits: { connectTimeoutMs: 50 }, seams: { dial } });
    rig.apply(rig.view(1));
    expect(await outcomeOf(rig.connect())).to.equal('ECONNRESET');
    expect(signals.map(({ aborted }) => aborted)).to.deep.equal([true]);
    const late = await waitFor('the late connection', () => held[0]);
    late.release();
    await waitFor('it to be closed', () => late.end.stream.destroyed);
    expect(rig.hostA.flows()).to.deep.equal([]);
    expect(rig.records.map(({ outcome, code }) => `${outcome} ${code}`)).to.deep.equal([
      'refused CONNECT_TIMEOUT',
      'refused CONNECT_TIMEOUT',
    ]);
  });

  it('is not begun to a sandbox that is paused', async () => {
    await start({ isPaused: () => true });
    rig.hostB.apply(TEST_NETWORK, rig.view(4));
    expect(await askForFlow(rig, { kind: 'agent', agentId: HOST_A })).to.equal('tried and refused TARGET_PAUSED 4');
    expect(rig.targets).to.have.length(0);
  });
});

describe('the connections that a source wastes', () => {
  const source = (number: number): FlowSource => ({
    kind: 'sandbox',
    sandboxId: parseSandboxId(`sbx-${number}`, 'sandbox'),
  });

  it('are remembered, however many other sources come, until it has been quiet', () => {
    let nowMs = 0;
    const wasted = new WastedFlows(() => nowMs);
    for (let count = 0; count < 400; count += 1) wasted.add(source(0));
    expect(wasted.isOver(source(0))).to.equal(true);
    for (let number = 1; number <= 1_100; number += 1) wasted.add(source(number));
    expect([wasted.isOver(source(0)), wasted.isOver(source(1))]).to.deep.equal([true, false]);
    nowMs += 10;
    expect(wasted.isOver(source(0))).to.equal(false);
  });
});
