import { expect } from 'chai';
import { Admission } from '#libs/mesh/admission.js';
import { agentIdentity, localIdentity, peerNamed } from '#test/support/mesh-store.js';

describe('whom a mesh node admits', () => {
  const admission = new Admission();
  admission.setPeers([peerNamed('host-a', [], 'key-a'), peerNamed('host-b')]);
  admission.setLocalNodes([localIdentity('ada', 'laptop')]);

  for (const [what, peer, keyThumbprint, expected] of [
    ['an agent with the key that it is named with', agentIdentity('host-a'), 'key-a', true],
    ['an agent with another key: that of before it was revoked', agentIdentity('host-a'), 'key-b', false],
    ['an agent that is named without a key', agentIdentity('host-b'), 'any', true],
    ['an agent that is not named', agentIdentity('host-c'), 'key-a', false],
    ['a local node that is named', localIdentity('ada', 'laptop'), 'any', true],
    ['another node of the same user', localIdentity('ada', 'desktop'), 'any', false],
    ['the same node of another user', localIdentity('eve', 'laptop'), 'any', false],
    ['a local node called as an agent is', localIdentity('host-a', 'host-b'), 'key-a', false],
    ['an agent called as a local node is', agentIdentity('laptop'), 'any', false],
  ] as const) {
    it(`${expected ? 'admits' : 'keeps out'} ${what}`, () => {
      expect(admission.admits({ peer, keyThumbprint })).to.equal(expected);
    });
  }

  it('forgets who is not named any more', () => {
    const changing = new Admission();
    const proven = { peer: agentIdentity('host-b'), keyThumbprint: 'any' };
    const laptop = { peer: localIdentity('ada', 'laptop'), keyThumbprint: 'any' };
    const admitted = () => [changing.admits(proven), changing.admits(laptop)];
    expect(admitted()).to.deep.equal([false, false]);
    changing.setPeers([peerNamed('host-b')]);
    changing.setLocalNodes([localIdentity('ada', 'laptop')]);
    expect(admitted()).to.deep.equal([true, true]);
    changing.setPeers([]);
    expect(admitted()).to.deep.equal([false, true]);
    changing.setLocalNodes([]);
    expect(admitted()).to.deep.equal([false, false]);
  });
});
