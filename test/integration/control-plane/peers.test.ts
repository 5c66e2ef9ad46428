import { expect } from 'chai';
import { waitFor } from '#test/support/wait.js';
import { TestControlPlane } from './setup.js';
import type { SimulatedAgent } from './simulated-agent.js';

describe('the peers that agents are told of', () => {
  let controlPlane: TestControlPlane;
  let hostA: SimulatedAgent;

  beforeEach(async () => {
    controlPlane = await TestControlPlane.start();
    hostA = await controlPlane.agent('host-a', ['sbx-a']);
    await controlPlane.call('POST', '/v1/networks', { name: 'dev' });
    await controlPlane.call('POST', '/v1/networks/dev/attachments', { sandboxId: 'sbx-a' });
  });

  afterEach(() => controlPlane.end());

  const attach = (sandboxId: string) => controlPlane.call('POST', '/v1/networks/dev/attachments', { sandboxId });
  const told = (what: string, peers: readonly unknown[]) =>
    waitFor(what, () => JSON.stringify(hostA.peers) === JSON.stringify(peers));

  it('are those who share a network, each with its key, and nobody else', async () => {
    const hostB = await controlPlane.agent('host-b', ['sbx-b']);
    await controlPlane.agent('host-c', ['sbx-c']);
    await attach('sbx-b');
    await told('host-a is told of host-b', [hostB.asPeer()]);
    expect((await hostA.contact('heartbeat')).peers).to.deep.equal([hostB.asPeer()]);
  });

  it('are also those whom nobody can reach now: they may ask for flows', async () => {
    const hostB = await controlPlane.agent('host-b', ['sbx-b']);
    const mesh = { transport: 'direct', state: 'failed', code: 'X', message: 'no port', endpoints: [] };
    await hostB.contact('heartbeat', { mesh });
    await attach('sbx-b');
    await told('host-a is told of host-b', [hostB.asPeer([])]);
  });

  it('stay until the topology that parts them has cut and counted their flows', async () => {
    const hostB = await controlPlane.agent('host-b', ['sbx-b']);
    await attach('sbx-b');
    await told('host-a is told of host-b', [hostB.asPeer()]);
    await controlPlane.call('DELETE', '/v1/networks/dev/attachments/sbx-b');
    expect((await hostA.contact('heartbeat')).peers).to.deep.equal([hostB.asPeer()]);
    await told('host-a is told that it is none any more', []);
    expect((await hostA.contact('heartbeat')).peers).to.deep.equal([]);
  });

  it('are sent whole to an agent that lacks them, and then only as changes, if it says what it holds', async () => {
    const hostB = await controlPlane.agent('host-b', ['sbx-b']);
    await attach('sbx-b');
    await told('host-a is told of host-b', [hostB.asPeer()]);
    const { peersRevision, peers } = await hostA.contact('heartbeat', { peersRevision: null });
    expect(peers).to.deep.equal([hostB.asPeer()]);
    expect((await hostA.contact('heartbeat', { peersRevision })).peers).to.equal(null);
    const hostC = await controlPlane.agent('host-c', ['sbx-c']);
    await attach('sbx-c');
    await told('host-a is told of host-c alone', [hostC.asPeer()]);
    expect(hostA.peerMessages.at(-1)?.changes).to.deep.equal({ since: peersRevision, gone: [] });
    // One that holds an earlier list is sent all.
    expect((await hostA.contact('heartbeat', { peersRevision })).peers).to.equal(null);
    await told('host-a is told of both', [hostB.asPeer(), hostC.asPeer()]);
    expect(hostA.peerMessages.at(-1)?.changes).to.equal(undefined);
    await controlPlane.call('DELETE', '/v1/agents/host-b');
    await waitFor('host-a is told that host-b is gone', () =>
      hostA.peerMessages.at(-1)?.changes?.gone.some((agentId) => agentId === 'host-b'),
    );
  });

  it('are sent once after a restart of the control plane, and not in each answer until one comes in time', async () => {
    const hostB = await controlPlane.agent('host-b', ['sbx-b']);
    await attach('sbx-b');
    await told('host-a is told of host-b', [hostB.asPeer()]);
    const { peersRevision } = await hostA.contact('heartbeat', { peersRevision: null });
    await controlPlane.stop();
    await controlPlane.startAgain();
    const before = hostA.peerMessages.length;
    const answers = [
      await hostA.contact('hello', { peersRevision }),
      await hostA.contact('heartbeat', { peersRevision }),
    ];
    expect(answers.map(({ peers }) => peers)).to.deep.equal([null, null]);
    await waitFor('host-a is sent the list', () => hostA.peerMessages.length > before);
    expect(hostA.peers).to.deep.equal([hostB.asPeer()]);
    const present = hostA.peerMessages.at(-1)?.revision;
    expect(present).to.be.greaterThan(Number(peersRevision));
    // Later changes start from it.
    expect((await hostA.contact('heartbeat', { peersRevision: present })).peers).to.equal(null);
    const hostC = await controlPlane.agent('host-c', ['sbx-c']);
    await attach('sbx-c');
    await told('host-a is told of host-c alone', [hostC.asPeer()]);
    expect(hostA.peerMessages.at(-1)?.changes?.since).to.equal(present);
  });

  it('are no more those who are revoked, and again when enrolled anew, with the new key alone', async () => {
    const first = await controlPlane.agent('host-b', ['sbx-b']);
    await attach('sbx-b');
    await told('host-a is told of host-b', [first.asPeer()]);
    await controlPlane.call('DELETE', '/v1/agents/host-b');
    await told('host-a is told that it is not', []);
    const again = await controlPlane.agent('host-b', ['sbx-b']);
    await told('host-a is told of it again', [again.asPeer()]);
    expect(again.asPeer().keyThumbprint).to.not.equal(first.asPeer().keyThumbprint);
  });
});
