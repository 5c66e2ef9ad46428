import { expect } from 'chai';
import { InvalidInputError } from '#libs/contracts/errors.js';
import { formatIdentity, parseIdentity } from '#libs/mesh/identity.js';

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
});
