import { expect } from 'chai';
import { randomOf } from '#test/truth/random.js';

const draws = (seed: number, step: number) => {
  const random = randomOf(seed, step);
  return Array.from({ length: 20 }, () => random.below(1_000));
};

describe('draws of the truth test', () => {
  it('follow from seed and step', () => {
    expect(draws(7, 3)).to.deep.equal(draws(7, 3));
    expect(draws(7, 3)).to.not.deep.equal(draws(7, 4));
    expect(draws(7, 3)).to.not.deep.equal(draws(8, 3));
  });

  it('reach everything there is to pick', () => {
    const items = ['a', 'b', 'c', 'd', 'e'];
    const picked = new Set(Array.from({ length: 200 }, (_, step) => randomOf(1, step).pick(items)));
    expect([...picked].toSorted()).to.deep.equal(items);
  });

  it('sample without repetition, and no more than there is', () => {
    const sample = randomOf(1, 1).sample([1, 2, 3], 5);
    expect(sample.toSorted()).to.deep.equal([1, 2, 3]);
    expect(() => randomOf(1, 1).pick([])).to.throw(RangeError);
  });
});
