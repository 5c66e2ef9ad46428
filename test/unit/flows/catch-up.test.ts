import { once } from 'node:events';
import { expect } from 'chai';
import { FlowRig, HOST_A, HOST_B, outcomeOf } from '#test/support/flow-rig.js';
import { TEST_NETWORK } from '#test/support/network-view.js';
import { waitFor } from '#test/support/wait.js';

describe('a flow between hosts that hold different versions', () => {
  let rig: FlowRig;
  beforeEach(async () => {
    rig = await FlowRig.start({
      target: 'other host',
      serve: (socket) => socket.on('data', (bytes) => socket.write(bytes)),
    });
  });
  afterEach(() => rig.close());

  it('is held by a target that is behind, and passes when the version that allows it arrives', async () => {
    rig.hostA.apply(TEST_NETWORK, rig.view(5));
    rig.hostB.apply(TEST_NETWORK, rig.denyingView(3));
    const client = rig.connect();
    client.write('hello');
    const answer = once(client, 'data');
    await waitFor('the target to ask', () => rig.syncs.length > 0);
    expect(rig.syncs).to.deep.equal([{ at: HOST_B, version: 5 }]);
    // An intermediate version decides nothing.
    rig.hostB.apply(TEST_NETWORK, rig.denyingView(4));
    expect(rig.targets).to.have.length(0);
    rig.hostB.apply(TEST_NETWORK, rig.view(5));
    expect(String((await answer)[0])).to.equal('hello');
  });

  it('is held by a target that has never heard of the network', async () => {
    rig.hostA.apply(TEST_NETWORK, rig.view(5));
    const client = rig.connect();
    client.write('hello');
    await waitFor('the target to ask', () => rig.syncs.length > 0);
    rig.hostB.apply(TEST_NETWORK, rig.view(6));
    await waitFor('the source to ask for what the target has', () => rig.syncs.some(({ at }) => at === HOST_A));
    rig.hostA.apply(TEST_NETWORK, rig.view(6));
    expect(String((await once(client, 'data'))[0])).to.equal('hello');
  });

  it('is decided by what a target has when nothing comes in the time to hold', async () => {
    rig.hostA.apply(TEST_NETWORK, rig.view(5));
    rig.hostB.apply(TEST_NETWORK, rig.denyingView(3));
    const from = performance.now();
    expect(await outcomeOf(rig.connect())).to.equal('ECONNRESET');
    expect(performance.now() - from).to.be.within(290, 5_000);
    expect(rig.targets).to.have.length(0);
  });

  it('passes in the end when the source never gets what the target has, and both allow it', async () => {
    rig.hostA.apply(TEST_NETWORK, rig.view(3));
    rig.hostB.apply(TEST_NETWORK, rig.view(5));
    const client = rig.connect();
    client.write('hello');
    expect(String((await once(client, 'data'))[0])).to.equal('hello');
    expect(rig.syncs).to.deep.equal([{ at: HOST_A, version: 5 }]);
  });

  it('is decided by what a source has meanwhile when the version it waits for never comes', async () => {
    rig.hostA.apply(TEST_NETWORK, rig.view(3));
    rig.hostB.apply(TEST_NETWORK, rig.view(5));
    const client = rig.connect();
    client.write('hello');
    const outcome = outcomeOf(client);
    await waitFor('the source to ask', () => rig.syncs.length > 0);
    rig.hostA.apply(TEST_NETWORK, rig.denyingView(4));
    expect(await outcome).to.equal('ECONNRESET');
    expect(rig.records.filter(({ role }) => role === 'source').map(({ code }) => code)).to.deep.equal([
      'EXPLICIT_DENY',
    ]);
  });

  it('is decided again, once, by a source whose target knew better', async () => {
    const elsewhere = { 'sbx-web': 'host-a', 'sbx-api': 'host-a' };
    rig.hostA.apply(TEST_NETWORK, rig.view(1));
    rig.hostB.apply(TEST_NETWORK, rig.view(2, { sandboxes: elsewhere }));
    const client = rig.connect();
    client.write('hello');
    await waitFor('the source to ask', () => rig.syncs.length > 0);
    rig.hostA.apply(TEST_NETWORK, rig.view(2, { sandboxes: elsewhere }));
    expect(String((await once(client, 'data'))[0])).to.equal('hello');
    expect(rig.hostA.flows().map(({ role }) => role)).to.deep.equal(['source', 'target']);
  });

  it('is refused with the reason of a target whose version never comes', async () => {
    rig.hostA.apply(TEST_NETWORK, rig.view(1));
    rig.hostB.apply(TEST_NETWORK, rig.denyingView(2));
    expect(await outcomeOf(rig.connect())).to.equal('ECONNRESET');
    const refused = rig.records.filter(({ role }) => role === 'source');
    expect(refused.map(({ outcome, code }) => `${outcome} ${code}`)).to.deep.equal(['refused EXPLICIT_DENY']);
    expect(rig.syncs.map(({ at, version }) => `${at} ${version}`)).to.deep.equal(['host-a 2']);
  });

  it('is tried once more and no more by a source whose target knows better each time', async () => {
    rig.hostA.apply(TEST_NETWORK, rig.view(1));
    rig.hostB.apply(TEST_NETWORK, rig.denyingView(2));
    const outcome = outcomeOf(rig.connect());
    await waitFor('the source to ask', () => rig.syncs.length > 0);
    rig.hostB.apply(TEST_NETWORK, rig.denyingView(3));
    rig.hostA.apply(TEST_NETWORK, rig.view(2));
    expect(await outcome).to.equal('ECONNRESET');
    expect(rig.syncs.map(({ at, version }) => `${at} ${version}`)).to.deep.equal(['host-a 2']);
    expect(rig.records.filter(({ role }) => role === 'target')).to.have.length(2);
  });

  it('is not tried again when the target decided otherwise on the same version', async () => {
    rig.hostA.apply(TEST_NETWORK, rig.view(2));
    rig.hostB.apply(TEST_NETWORK, rig.denyingView(2));
    expect(await outcomeOf(rig.connect())).to.equal('ECONNRESET');
    expect(rig.records.map(({ role, code }) => `${role} ${code}`)).to.deep.equal([
      'target EXPLICIT_DENY',
      'source EXPLICIT_DENY',
    ]);
  });
});
