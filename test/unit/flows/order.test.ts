import { once } from 'node:events';
import { expect } from 'chai';
import { FlowRig, outcomeOf } from '#test/support/flow-rig.js';
import { createHeldDial, type HeldDial } from '#test/support/held-dial.js';
import { TEST_NETWORK } from '#test/support/network-view.js';
import { waitFor } from '#test/support/wait.js';

async function heldRig(target: 'same host' | 'other host', held: HeldDial[], isFresh = () => true): Promise<FlowRig> {
  return FlowRig.start({
    target,
    isFresh,
    serve: (socket) => socket.on('data', (bytes) => socket.write(bytes)),
    seams: { dial: createHeldDial((dial) => held.push(dial)) },
  });
}

function refusals(rig: FlowRig): string[] {
  return rig.records.filter(({ outcome }) => outcome === 'refused').map(({ role, code }) => `${role} ${code}`);
}

describe('a denial that comes while a flow opens', () => {
  let rig: FlowRig;
  let held: HeldDial[];
  beforeEach(() => {
    held = [];
  });
  afterEach(() => rig.close());

  for (const target of ['same host', 'other host'] as const) {
    it(`refuses it while the target on the ${target} is dialled, and cuts nothing`, async () => {
      rig = await heldRig(target, held);
      rig.apply(rig.view(1));
      const client = rig.connect();
      client.write('hello');
      const outcome = outcomeOf(client);
      const dial = await waitFor('the dial', () => held[0]);
      expect(rig.apply(rig.denyingView(2))).to.deep.equal([]);
      dial.release();
      expect(await outcome).to.equal('ECONNRESET');
      await waitFor('the dialled connection to be closed', () => dial.end.stream.destroyed);
      expect(dial.writes()).to.equal(0);
      expect(refusals(rig)).to.include('source EXPLICIT_DENY');
    });

    it(`refuses it in the very turn in which the target on the ${target} is connected`, async () => {
      rig = await heldRig(target, held);
      rig.apply(rig.view(1));
      const client = rig.connect();
      client.write('hello');
      const outcome = outcomeOf(client);
      const dial = await waitFor('the dial', () => held[0]);
      dial.release();
      rig.apply(rig.denyingView(2));
      expect(await outcome).to.equal('ECONNRESET');
      await waitFor('the dialled connection to be closed', () => dial.end.stream.destroyed);
      expect(dial.writes()).to.equal(0);
    });

    it(`refuses it when contact is lost while the target on the ${target} is dialled`, async () => {
      let fresh = true;
      rig = await heldRig(target, held, () => fresh);
      rig.apply(rig.view(1));
      const client = rig.connect();
      client.write('hello');
      const outcome = outcomeOf(client);
      const dial = await waitFor('the dial', () => held[0]);
      fresh = false;
      dial.release();
      expect(await outcome).to.equal('ECONNRESET');
      expect(dial.writes()).to.equal(0);
      expect(refusals(rig)).to.include('source STALE');
    });

    it(`passes the bytes that waited once the target on the ${target} is connected`, async () => {
      rig = await heldRig(target, held);
      rig.apply(rig.view(1));
      const client = rig.connect();
      client.write('hello');
      (await waitFor('the dial', () => held[0])).release();
      expect(String((await once(client, 'data'))[0])).to.equal('hello');
    });
  }

  it('refuses it at the target while the source still allows', async () => {
    rig = await heldRig('other host', held);
    rig.apply(rig.view(1));
    const client = rig.connect();
    client.write('hello');
    const outcome = outcomeOf(client);
    const dial = await waitFor('the dial', () => held[0]);
    expect(rig.hostB.apply(TEST_NETWORK, rig.denyingView(2))).to.deep.equal([]);
    dial.release();
    await waitFor('the source to ask for the version it was refused with', () => rig.syncs.length > 0);
    expect(rig.hostA.apply(TEST_NETWORK, rig.denyingView(2))).to.deep.equal([]);
    expect(await outcome).to.equal('ECONNRESET');
    expect(dial.writes()).to.equal(0);
    expect(refusals(rig)).to.deep.equal(['target EXPLICIT_DENY', 'source EXPLICIT_DENY']);
  });

  it('refuses it after the target accepted, while the source catches up with the target', async () => {
    rig = await heldRig('other host', held);
    rig.hostA.apply(TEST_NETWORK, rig.view(1));
    rig.hostB.apply(TEST_NETWORK, rig.view(3));
    const client = rig.connect();
    client.write('hello');
    const outcome = outcomeOf(client);
    const dial = await waitFor('the dial', () => held[0]);
    dial.release();
    await waitFor('the source to ask for version 3', () => rig.syncs.some(({ version }) => version === 3));
    expect(rig.hostA.apply(TEST_NETWORK, rig.denyingView(3))).to.deep.equal([]);
    expect(await outcome).to.equal('ECONNRESET');
    expect(dial.writes()).to.equal(0);
  });

  it('refuses it while the target catches up with the source', async () => {
    rig = await heldRig('other host', held);
    rig.hostA.apply(TEST_NETWORK, rig.view(4));
    rig.hostB.apply(TEST_NETWORK, rig.view(2));
    const outcome = outcomeOf(rig.connect());
    await waitFor('the target to ask for version 4', () => rig.syncs.some(({ version }) => version === 4));
    rig.hostB.apply(TEST_NETWORK, rig.denyingView(4));
    expect(await outcome).to.equal('ECONNRESET');
    expect(held).to.have.length(0);
    expect(refusals(rig)).to.include('target EXPLICIT_DENY');
  });
});
