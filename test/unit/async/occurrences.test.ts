import { expect } from 'chai';
import { Occurrences } from '#libs/async/occurrences.js';
import { waitFor } from '#test/support/wait.js';

describe('occurrences', () => {
  const counted = (toldEach: number, periodMs = 60_000) => {
    const summaries: (readonly [string, number])[] = [];
    const summarise = (name: string, untold: number) => void summaries.push([name, untold]);
    return { summaries, occurrences: new Occurrences({ toldEach, periodMs, summarise }) };
  };

  it('tells the first of each name, and sums up the others', () => {
    const { summaries, occurrences } = counted(2);
    expect([1, 2, 3, 4].map(() => occurrences.add('a'))).to.deep.equal([true, true, false, false]);
    expect(occurrences.add('b')).to.equal(true);
    occurrences.end();
    expect(summaries).to.deep.equal([['a', 2]]);
  });

  it('begins anew after each period', async () => {
    const { summaries, occurrences } = counted(1, 5);
    for (let round = 0; round < 2; round += 1) {
      expect(occurrences.add('a')).to.equal(true);
      occurrences.add('a', 10);
      await waitFor('the period is over', () => summaries.length === round + 1);
    }
    expect(summaries).to.deep.equal([
      ['a', 10],
      ['a', 10],
    ]);
  });
});
