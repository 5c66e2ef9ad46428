import { expect } from 'chai';
import { regressionOf } from '#apps/control-plane/topology/regression-check.js';
import { parseAgentId, parseNetworkId, parseNetworkName } from '#libs/contracts/ids.js';
import { compile } from '#libs/topology/compile.js';
import { foldAll } from '#libs/topology/fold.js';
import { snapshotHash } from '#libs/topology/snapshot-text.js';

const HOST_A = parseAgentId('host-a', 'agent');
const topology = foldAll(null, [
  {
    type: 'NetworkCreated',
    data: {
      networkId: parseNetworkId('abc', 'network'),
      name: parseNetworkName('dev', 'name'),
      mode: 'agent_proxy',
      maxStalenessSeconds: 86_400,
    },
  },
]);
if (topology === null) throw new Error('no topology');
const own = snapshotHash(compile(topology, HOST_A));
const epoch = { counter: 3, id: 'this-store' };

const rows = [
  { says: 'what the store wrote', held: { epoch, version: 1, hash: own }, isRegression: false },
  { says: 'an older version', held: { epoch, version: 0, hash: 'x' }, isRegression: false },
  { says: 'a newer version', held: { epoch, version: 2, hash: own }, isRegression: true },
  { says: 'other content at the same version', held: { epoch, version: 1, hash: 'x' }, isRegression: true },
  { says: 'an older epoch', held: { epoch: { counter: 2, id: 'x' }, version: 9, hash: 'x' }, isRegression: false },
  { says: 'a newer epoch', held: { epoch: { counter: 4, id: 'x' }, version: 1, hash: own }, isRegression: true },
  { says: 'another store', held: { epoch: { counter: 3, id: 'x' }, version: 1, hash: own }, isRegression: true },
];

describe('an agent that holds', () => {
  for (const { says, held, isRegression } of rows) {
    it(`${says} ${isRegression ? 'shows that the store went back' : 'is all right'}`, () => {
      expect(regressionOf(held, HOST_A, topology, epoch) !== null).to.equal(isRegression);
    });
  }

  it('a network that the store does not have shows that the store went back', () => {
    expect(regressionOf({ epoch, version: 1, hash: own }, HOST_A, null, epoch)).to.be.a('string');
  });
});
