import { expect } from 'chai';
import { StoreEpochs } from '#apps/agent/enrollment/store-epochs.js';

const one = { counter: 1, id: 'one' };
const two = { counter: 2, id: 'two' };

describe('the epochs of the store, as an agent hears of them', () => {
  for (const [what, known, heard, expected] of [
    ['the first that a new agent hears', null, [one], [false]],
    ['the same again', null, [one, one], [false, false]],
    ['another, once', null, [one, two, two], [false, true, false]],
    ['an earlier one, as of a copy', null, [two, one], [false, true]],
    ['another than of what was held before a restart', one, [two, two], [true, false]],
    ['the one of what was held before a restart', one, [one], [false]],
  ] as const) {
    it(`${what}: ${expected.join(', ')}`, () => {
      const epochs = new StoreEpochs(known);
      expect(heard.map((epoch) => epochs.heard(epoch))).to.deep.equal(expected);
    });
  }
});
