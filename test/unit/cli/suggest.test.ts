import { expect } from 'chai';
import { editDistance, nearest } from '#apps/cli/suggest.js';

describe('cli: suggestions', () => {
  const rows: readonly (readonly [string, string, number])[] = [
    ['', '', 0],
    ['list', 'list', 0],
    ['lsit', 'list', 2],
    ['', 'abc', 3],
    ['kitten', 'sitting', 3],
  ];
  for (const [from, to, distance] of rows) {
    it(`${JSON.stringify(from)} is ${distance} from ${JSON.stringify(to)}`, () => {
      expect(editDistance(from, to)).to.equal(distance);
      expect(editDistance(to, from)).to.equal(distance);
    });
  }

  it('are the nearest known words, and nothing when nothing is near', () => {
    expect(nearest('network crete', ['network create', 'network delete', 'whoami'])[0]).to.equal('network create');
    expect(nearest('frobnicate', ['network create', 'whoami'])).to.deep.equal([]);
  });
});
