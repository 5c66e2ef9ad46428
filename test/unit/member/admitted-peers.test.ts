import { expect } from 'chai';
import type { AdmittedLocalNode, Peer } from '#libs/contracts/bus/to-member/peers.js';
import { parseAgentId, parseLocalNodeId, parseNetworkId, parseUserName } from '#libs/contracts/ids.js';
import { AdmittedPeers } from '#libs/member/admitted-peers.js';

const DEV = parseNetworkId('dead', 'network');
const HOST_A = parseAgentId('host-a', 'agent');
const HOST_B = parseAgentId('host-b', 'agent');
const peer = (agentId: Peer['agentId'], endpoint: string): Peer => ({
  agentId,
  endpoints: [endpoint],
  keyThumbprint: null,
});
const ada: AdmittedLocalNode = {
  nodeId: parseLocalNodeId('laptop', 'node'),
  user: parseUserName('ada', 'user'),
  networkId: DEV,
};
const asSource = { kind: 'local', user: ada.user, node: ada.nodeId } as const;

/** The list that a mesh member of host-a gets. */
function admitting(admitted: AdmittedPeers): { readonly agents: string[]; readonly localNodes: string[] } {
  const told = { agents: [] as string[], localNodes: [] as string[] };
  admitted.admitTo(
    {
      setPeers: (peers) => told.agents.push(peers.map(({ agentId }) => agentId).join()),
      setLocalNodes: (nodes) => told.localNodes.push(nodes.map(({ node }) => node).join()),
    },
    HOST_A,
  );
  return told;
}

describe('who may have sessions with a member', () => {
  it('is told to the mesh at each change, without the member itself', () => {
    const admitted = new AdmittedPeers();
    const told = admitting(admitted);
    const peers = [peer(HOST_A, '192.0.2.1:1'), peer(HOST_B, '192.0.2.2:1')];
    admitted.update(1, { peers, localNodes: [ada] }, false);
    admitted.update(2, { peers, localNodes: [ada] }, false);
    expect(told).to.deep.equal({ agents: ['host-b'], localNodes: ['laptop'] });
    expect(admitted.endpointsOf(HOST_B)).to.deep.equal(['192.0.2.2:1']);
    expect(admitted.admits(DEV, asSource)).to.equal(true);
    admitted.update(3, { peers: [], localNodes: [] }, false);
    expect(told).to.deep.equal({ agents: ['host-b', ''], localNodes: ['laptop', ''] });
    expect(admitted.endpointsOf(HOST_B)).to.deep.equal([]);
    expect(admitted.admits(DEV, asSource)).to.equal(false);
  });

  const rows: readonly (readonly [what: string, revision: number, restart: boolean, taken: boolean])[] = [
    ['an older revision', 6, false, false],
    ['the same revision', 7, false, true],
    ['a later revision', 8, false, true],
    ['an older revision of another publisher', 1, true, true],
  ];
  for (const [what, revision, restart, taken] of rows) {
    it(`${taken ? 'follows' : 'ignores'} ${what}`, () => {
      const admitted = new AdmittedPeers();
      admitted.update(7, { peers: [], localNodes: [ada] }, false);
      admitted.update(revision, { peers: [], localNodes: [] }, restart);
      expect(admitted.admits(DEV, asSource)).to.equal(!taken);
    });
  }

  it('is changed by what came, went or moved since the revision that it holds, and by nothing else', () => {
    const hostC = parseAgentId('host-c', 'agent');
    const hostD = parseAgentId('host-d', 'agent');
    const admitted = new AdmittedPeers();
    const told = admitting(admitted);
    expect(admitted.heldRevision()).to.equal(null);
    admitted.update(7, { peers: [peer(HOST_B, 'old:1'), peer(hostC, 'c:1')], localNodes: [ada] }, false);
    const change = (since: number) =>
      admitted.change({
        ...{ protocol: 2, kind: 'peers' as const, revision: 9, localNodes: [] },
        peers: [peer(hostD, 'd:1'), peer(HOST_B, 'new:1')],
        changes: { since, gone: [hostC] },
      });
    expect(change(6)).to.equal(false);
    expect(admitted.heldRevision()).to.equal(7);
    expect(admitted.admits(DEV, asSource)).to.equal(true);
    expect(change(7)).to.equal(true);
    expect(admitted.heldRevision()).to.equal(9);
    expect(told.agents).to.deep.equal(['host-b,host-c', 'host-b,host-d']);
    expect(admitted.endpointsOf(HOST_B)).to.deep.equal(['new:1']);
    expect(admitted.admits(DEV, asSource)).to.equal(false);
  });

  it('is replaced by the first list of the control plane after a restart', () => {
    const admitted = new AdmittedPeers();
    const told = admitting(admitted);
    admitted.restore({ peers: [peer(HOST_B, '192.0.2.2:1')], localNodes: [ada] });
    expect(told).to.deep.equal({ agents: ['host-b'], localNodes: ['laptop'] });
    admitted.update(0, { peers: [], localNodes: [] }, false);
    expect(told).to.deep.equal({ agents: ['host-b', ''], localNodes: ['laptop', ''] });
  });
});
