import { expect } from 'chai';
import type { MeshNodeRecord } from '#apps/control-plane/mesh/control-server/control-server.js';
import type { MeshKey } from '#apps/control-plane/mesh/mesh-key.entity.js';
import {
  endedOwners,
  hasOwnerEnded,
  keysToSettle,
  nodesLeftBy,
  type OwnersNow,
} from '#apps/control-plane/mesh/mesh-leftovers.js';
import type { LocalNodeState } from '#libs/domain/local-node/state.js';

const START = Date.parse('2026-03-01T12:00:00Z');
const at = (seconds: number): Date => new Date(START + seconds * 1_000);

function key(keyId: string, change: Partial<MeshKey> = {}): MeshKey {
  return {
    id: `row-${keyId}`,
    api: 'http://mesh.example',
    keyId,
    ownerKind: 'agent',
    ownerId: 'host-a',
    ownerNkey: 'UA',
    hostName: 'gs-agent-host-a',
    mintedAt: at(0),
    expiresAt: at(300),
    settledAt: null,
    removedAt: null,
    ...change,
  };
}

describe('the owner of a mesh key', () => {
  type Agent = { readonly status: 'enrolled' | 'revoked'; readonly nkey: string; readonly voidKeys: readonly string[] };

  const owners = (agent: Agent | null, status: LocalNodeState['status'] | null): OwnersNow => ({
    agent: () => agent && { state: agent, voidKeys: new Set(agent.voidKeys) },
    localNode: () => status && { state: { status } },
  });

  const agents: readonly (readonly [string, Agent | null, boolean])[] = [
    ['is enrolled with that key', { status: 'enrolled', nkey: 'UA', voidKeys: [] }, false],
    [
      'is enrolled with that key, after one that was revoked',
      { status: 'enrolled', nkey: 'UA', voidKeys: ['UB'] },
      false,
    ],
    ['is revoked', { status: 'revoked', nkey: 'UA', voidKeys: ['UA'] }, true],
    ['is enrolled with another key', { status: 'enrolled', nkey: 'UB', voidKeys: ['UA'] }, true],
    ['is enrolled again with the key that was revoked', { status: 'enrolled', nkey: 'UA', voidKeys: ['UA'] }, true],
    ['is not known', null, true],
  ];
  for (const [what, agent, hasEnded] of agents) {
    it(`${hasEnded ? 'has ended' : 'goes on'} when the agent ${what}`, () => {
      expect(hasOwnerEnded(key('1'), owners(agent, null))).to.equal(hasEnded);
    });
  }

  for (const status of ['joined', 'left', 'expired', 'revoked', null] as const) {
    const hasEnded = status !== 'joined';
    it(`${hasEnded ? 'has ended' : 'goes on'} when the local node is ${status ?? 'not known'}`, () => {
      expect(hasOwnerEnded(key('1', { ownerKind: 'local' }), owners(null, status))).to.equal(hasEnded);
    });
  }
});

describe('mesh keys that are asked about', () => {
  const ids = (keys: readonly MeshKey[]) => keys.map(({ keyId }) => keyId);

  it('are those older than a minute; the next is due when it is', () => {
    const keys = [key('1', { ownerNkey: 'UA' }), key('2', { ownerNkey: 'UB', mintedAt: at(10) })];
    expect(keysToSettle(keys, at(59))).to.deep.equal({ due: [], nextAt: at(60) });
    const { due, nextAt } = keysToSettle(keys, at(60));
    expect(ids(due)).to.deep.equal(['1']);
    expect(nextAt).to.deep.equal(at(70));
  });

  it('are those that a newer one of the same owner replaced, however young', () => {
    const other = key('3', { ownerId: 'host-b' });
    const { due, nextAt } = keysToSettle([key('1'), key('2', { mintedAt: at(5) }), other], at(6));
    expect(ids(due)).to.deep.equal(['1']);
    expect(nextAt).to.deep.equal(at(60));
  });

  it('are none that nobody can use any more', () => {
    const settled = { settledAt: at(61) };
    expect(keysToSettle([key('1', settled), key('2', settled)], at(600))).to.deep.equal({ due: [], nextAt: null });
  });
});

describe('the nodes that an ended owner leaves behind', () => {
  const node = (id: string, keyId: string | null, name = 'gs-agent-host-a', joinedAt: Date | null = at(20)) =>
    ({ id, name, keyId, joinedAt, addresses: [], isOnline: null }) satisfies MeshNodeRecord;
  const mine = [key('1'), key('2')];
  const successor = key('9', { ownerNkey: 'UB', mintedAt: at(100) });

  const rows: readonly (readonly [string, MeshNodeRecord, readonly MeshKey[], boolean])[] = [
    ['joined with its key', node('1', '2'), [], true],
    ['joined with its key and another name', node('1', '2', 'innocent'), [], true],
    ['has its name and joined with another key', node('1', '7'), [], false],
    ['has its name and nobody tells the key', node('1', null), [], true],
    ['has another name and nobody tells the key', node('1', null, 'gs-agent-host-b'), [], false],
    ['has its name and came before the new holder', node('1', null), [successor], true],
    ['has its name and came with the new holder', node('1', null, 'gs-agent-host-a', at(101)), [successor], false],
    ['has its name and came nobody knows when', node('1', null, 'gs-agent-host-a', null), [successor], false],
    ['has its name, and nobody else holds that', node('1', null, 'gs-agent-host-a', null), [], true],
  ];
  for (const [what, record, goingOn, isLeft] of rows) {
    it(`${isLeft ? 'have' : 'do not have'} one among them that ${what}`, () => {
      const [owner] = endedOwners(mine, goingOn);
      expect(owner && nodesLeftBy(owner, [record])).to.deep.equal(isLeft ? [record] : []);
    });
  }

  it('are told apart by owner', () => {
    const owners = endedOwners([key('1'), key('2', { ownerNkey: 'UB' }), key('3')], []);
    expect(owners.map(({ keys }) => keys.map(({ keyId }) => keyId))).to.deep.equal([['1', '3'], ['2']]);
  });
});
