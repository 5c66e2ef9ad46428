import { expect } from 'chai';
import { LaterResets } from '#libs/data-plane/flows/later-resets.js';
import { waitFor } from '#test/support/wait.js';

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

describe('resets that can wait', () => {
  it('are all made, in order, with a turn of the event loop for others between a few of them', async () => {
    const resets = new LaterResets();
    const made: number[] = [];
    for (let number = 0; number < 100; number += 1) resets.add(() => made.push(number));
    expect(made).to.deep.equal([]);
    const inTurns = [made.length];
    while (made.length < 100) {
      await nextTurn();
      inTurns.push(made.length);
    }
    expect(made).to.deep.equal(Array.from({ length: 100 }, (_, number) => number));
    const steps = inTurns.slice(1).map((count, index) => count - (inTurns[index] ?? 0));
    expect(Math.max(...steps)).to.be.at.most(10);
  });

  it('are made too when they come from a reset, or after all others', async () => {
    const resets = new LaterResets();
    const made: string[] = [];
    resets.add(() => {
      made.push('first');
      resets.add(() => made.push('from the first'));
    });
    await waitFor('both', () => made.length === 2);
    resets.add(() => made.push('later'));
    await waitFor('the later one', () => made.length === 3);
    expect(made).to.deep.equal(['first', 'from the first', 'later']);
  });
});
