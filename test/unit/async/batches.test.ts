import { expect } from 'chai';
import { Batches } from '#libs/async/batches.js';
import { waitFor } from '#test/support/wait.js';

describe('batches', () => {
  /** The batches that `work` got, in order. It fails for a batch that has a refused item. */
  function batchesOf(mostAtOnce = 10, refused: readonly number[] = []) {
    const handed: (readonly number[])[] = [];
    const batches = new Batches<string, number>(async (items) => {
      handed.push(items);
      await new Promise((resolve) => setImmediate(resolve));
      if (items.some((item) => refused.includes(item))) throw new Error('refused');
    }, mostAtOnce);
    return { handed, batches };
  }

  it('hands over together what arrives together, and what arrives meanwhile in the next batch', async () => {
    const { handed, batches } = batchesOf();
    const first = [batches.add('a', 1), batches.add('b', 2)];
    await waitFor('the first batch is under way', () => handed.length === 1);
    await Promise.all([...first, batches.add('c', 3), batches.add('d', 4)]);
    expect(handed).to.deep.equal([
      [1, 2],
      [3, 4],
    ]);
  });

  it('hands over at most so many at once', async () => {
    const { handed, batches } = batchesOf(2);
    await Promise.all([1, 2, 3, 4, 5].map((item) => batches.add(String(item), item)));
    expect(handed).to.deep.equal([[1, 2], [3, 4], [5]]);
  });

  it('of several items of a key that wait, hands over the last, and all are done then', async () => {
    const { handed, batches } = batchesOf();
    await Promise.all([batches.add('a', 1), batches.add('b', 2), batches.add('a', 3)]);
    expect(handed).to.deep.equal([[3, 2]]);
  });

  it('tries the items of a batch that failed alone, and rejects only those that are refused again', async () => {
    const { handed, batches } = batchesOf(10, [2]);
    const outcomes = await Promise.allSettled([1, 2, 3].map((item) => batches.add(String(item), item)));
    expect(outcomes.map(({ status }) => status)).to.deep.equal(['fulfilled', 'rejected', 'fulfilled']);
    expect(handed).to.deep.equal([[1, 2, 3], [1], [2], [3]]);
  });
});
