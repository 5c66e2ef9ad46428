import { expect } from 'chai';
import { LaterResets } from '#libs/data-plane/flows/later-resets.js';
import { waitFor } from '#test/support/wait.js';

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

describe('resets that can wait', () => {
  it('are all made, in order, and leave the event loop to others between a few of them', async () => {
    const resets = new LaterResets();
    const made: number[] = [];
    for (let number = 0; number < 1_000; number += 1) resets.add(() => made.push(number));
    expect(made).to.deep.equal([]);
    // As long as saving a version and acknowledging it takes at least.
    for (let turn = 0; turn < 20; turn += 1) await nextTurn();
    expect(made.length).to.be.within(1, 100);
    await waitFor('all', () => made.length === 1_000);
    expect(made).to.deep.equal(Array.from({ length: 1_000 }, (_, number) => number));
  });

  it('of a single flow are made in the next turn', async () => {
    const resets = new LaterResets();
    let isMade = false;
    resets.add(() => {
      isMade = true;
    });
    await nextTurn();
    expect(isMade).to.equal(true);
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
