import { expect } from 'chai';
import { localNodesToAsk, MOST_LOCAL_NODES_ASKED } from '#apps/control-plane/diagnostics/asked-local-nodes.js';
import { localNodesLeftOut } from '#apps/control-plane/diagnostics/own-checks.js';
import {
  parseAliasName,
  parseLocalNodeId,
  parseNetworkId,
  parseNetworkName,
  parseUserName,
} from '#libs/contracts/ids.js';
import { parseSelector } from '#libs/contracts/selectors.js';
import type { LocalNodeState } from '#libs/domain/local-node/state.js';
import type { Topology } from '#libs/policy/model.js';

const DEV = parseNetworkId('dead', 'network');
const topology: Topology = {
  networkId: DEV,
  name: parseNetworkName('dev', 'network'),
  version: 1,
  mode: 'agent_proxy',
  maxStalenessSeconds: 60,
  deleted: false,
  sandboxes: new Map(),
  aliases: new Map(),
  rules: new Map(),
  egressRules: new Map(),
  quarantinedSince: null,
  formerPublishers: new Map(),
  policyTests: new Map(),
};

function node(id: string, user: string, change: Partial<LocalNodeState> = {}): LocalNodeState {
  return {
    nodeId: parseLocalNodeId(id, 'node'),
    version: 1,
    status: 'joined',
    user: parseUserName(user, 'user'),
    networkId: DEV,
    machine: 'laptop',
    nkey: 'U',
    meshKeyThumbprint: 't',
    tokenId: 'k',
    expiresAt: '2026-01-01T00:00:00.000Z',
    reason: null,
    ...change,
  };
}

const nodes = [
  node('b', 'bob'),
  node('a', 'ada'),
  node('gone', 'ada', { status: 'left' }),
  node('revoked', 'ada', { status: 'revoked' }),
  node('elsewhere', 'ada', { networkId: parseNetworkId('beef', 'network') }),
];

describe('which local nodes a question is put to', () => {
  const rows: readonly (readonly [string, readonly string[]])[] = [
    ['local', ['a', 'b']],
    ['local:ada', ['a']],
    ['local:cyd', []],
    ['any', []],
    ['sandbox:a', []],
    ['label:user=ada', []],
  ];
  for (const [selector, expected] of rows) {
    it(`${selector}: ${expected.join(', ') || 'none'}`, () => {
      const found = localNodesToAsk(topology, parseSelector(selector, 'from'), nodes, () => true);
      expect(found.asked.map(({ nodeId }) => nodeId)).to.deep.equal(expected);
      expect(found.leftOut).to.equal(0);
    });
  }

  it('are at most so many, those in contact first, and the rest is counted', () => {
    const many = Array.from({ length: MOST_LOCAL_NODES_ASKED + 3 }, (_, index) =>
      node(`n${String(index).padStart(2, '0')}`, 'ada'),
    );
    const last = many.at(-1);
    const { asked, leftOut } = localNodesToAsk(topology, { kind: 'local' }, many, (each) => each === last);
    expect(asked).to.have.length(MOST_LOCAL_NODES_ASKED);
    expect(asked.slice(0, 3).map(({ nodeId }) => nodeId)).to.deep.equal([last?.nodeId, 'n00', 'n01']);
    expect(asked[0]).to.deep.equal({ kind: 'local-node', nodeId: last?.nodeId, user: 'ada' });
    expect(leftOut).to.equal(3);
    const question = { from: 'local', alias: parseAliasName('api', 'alias'), port: 8_080 };
    expect(localNodesLeftOut(topology, question, { asked, leftOut })).to.deep.equal({
      agentId: null,
      nodeId: null,
      role: 'source',
      effect: null,
      code: 'TOPOLOGY_APPLIED',
      status: 'skipped',
      evidence: '16 of 19 local nodes were asked, 3 were left out',
      remedy: 'gstacks network test dev local:<user> api:8080',
    });
  });
});
