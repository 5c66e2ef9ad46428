import { expect } from 'chai';
import { having, type OwnedMaps, without } from '#libs/domain/network/owned-maps.js';

describe('the maps of a fold', () => {
  const given: ReadonlyMap<string, string> = new Map([
    ['a', 'one'],
    ['b', 'two'],
  ]);

  it('are copied at the first change, and written from then on', () => {
    const owned: OwnedMaps = new Set();
    const copy = having(given, 'c', 'three', owned);
    expect([...given.keys()]).to.deep.equal(['a', 'b']);
    expect(having(copy, 'd', 'four', owned)).to.equal(copy);
    expect(without(copy, 'a', owned)).to.equal(copy);
    expect([...copy.keys()]).to.deep.equal(['b', 'c', 'd']);
  });

  for (const [what, ownedOf] of [
    ['in a fold', (): OwnedMaps => new Set()],
    ['outside one', () => null],
  ] as const) {
    it(`are the same without an entry that is not there, ${what}`, () => {
      expect(without(given, 'z', ownedOf())).to.equal(given);
      const less = without(given, 'a', ownedOf());
      expect([...less.keys()]).to.deep.equal(['b']);
      expect(given.has('a')).to.equal(true);
    });
  }
});
