import { expect } from 'chai';
import { InvalidInputError } from '#libs/contracts/errors.js';
import { describeIdentity, formatIdentity, parseIdentity, parseStoreId, sameIdentity } from '#libs/mesh/identity.js';
import { agentIdentity, localIdentity } from '#test/support/mesh-store.js';

describe('mesh identity', () => {
  for (const uri of ['spiffe://store-1/agent/host-a', 'spiffe://0d1f/local/alice.b/laptop']) {
    it(`reads and writes ${uri}`, () => {
      expect(formatIdentity(parseIdentity(uri, 'uri'))).to.equal(uri);
    });
  }

  for (const uri of [
    '',
    'spiffe://',
    'spiffe://store-1',
    'spiffe://store-1/',
    'spiffe://store-1/agent',
    'spiffe://store-1/agent/',
    'spiffe://store-1/agent/host-a/',
    'spiffe://store-1/agent/host-a?x',
    'spiffe://store-1/agent/host-a#x',
    'spiffe://store-1/agent/Host-A',
    'spiffe://store-1/agent/host%2da',
    'spiffe://store-1/agent/host-a, URI:spiffe://store-1/agent/host-b',
    'spiffe://store-1/agent//host-a',
    'spiffe://store-1/agent/../host-a',
    'spiffe:///agent/host-a',
    'spiffe://Store/agent/host-a',
    'spiffe://store-1:443/agent/host-a',
    'spiffe://user@store-1/agent/host-a',
    'SPIFFE://store-1/agent/host-a',
    'https://store-1/agent/host-a',
    'spiffe://store-1/local/alice',
    'spiffe://store-1/local/alice/laptop/x',
    'spiffe://store-1/admin/alice',
  ]) {
    it(`refuses ${JSON.stringify(uri)}`, () => {
      expect(() => parseIdentity(uri, 'uri')).to.throw(InvalidInputError);
    });
  }

  for (const [store, accepted] of [
    ['a', true],
    ['a'.repeat(63), true],
    ['a'.repeat(64), false],
    ['a-b', true],
    ['-a', false],
    ['a-', false],
    ['a b', false],
    ['a\n', false],
    ['', false],
    [7, false],
  ] as const) {
    it(`${accepted ? 'takes' : 'refuses'} ${JSON.stringify(store)} as the id of a store`, () => {
      if (accepted) expect(parseStoreId(store, 'store')).to.equal(store);
      else expect(() => parseStoreId(store, 'store')).to.throw(InvalidInputError);
    });
  }

  const ALL = [
    agentIdentity('laptop'),
    agentIdentity('ada'),
    localIdentity('ada', 'laptop'),
    localIdentity('ada', 'desktop'),
    localIdentity('eve', 'laptop'),
  ];
  it('is the same as itself alone, and has words of its own', () => {
    for (const [index, one] of ALL.entries()) {
      expect(ALL.map((other) => sameIdentity(one, other))).to.deep.equal(ALL.map((_, other) => other === index));
    }
    expect(ALL.map(describeIdentity)).to.deep.equal([
      'agent laptop',
      'agent ada',
      'local ada/laptop',
      'local ada/desktop',
      'local eve/laptop',
    ]);
  });
});
