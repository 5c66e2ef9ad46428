import { expect } from 'chai';
import { WokenWork } from '#libs/async/woken-work.js';
import { waitFor } from '#test/support/wait.js';

/** More turns than the end of a run takes. */
const TURNS = 12;

describe('work that is woken', () => {
  for (let turns = 0; turns < TURNS; turns += 1) {
    it(`runs for a wake-up that comes ${turns} turns of the microtask queue after its last step`, async () => {
      const waiting: number[] = [];
      const done: number[] = [];
      const work = new WokenWork(async () => {
        for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
          await Promise.resolve();
          done.push(next);
          if (next === 1) void addLater();
        }
      });
      async function addLater(): Promise<void> {
        for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
        waiting.push(2);
        work.wake();
      }
      waiting.push(1);
      work.wake();
      await waitFor('both are done', () => done.length === 2, 1_000);
      await work.idle();
      expect(done).to.deep.equal([1, 2]);
    });
  }

  it('runs one at a time, and once more for any number of wake-ups meanwhile', async () => {
    let runs = 0;
    let atOnce = 0;
    const work = new WokenWork(async () => {
      atOnce += 1;
      expect(atOnce).to.equal(1);
      runs += 1;
      await new Promise((resolve) => setImmediate(resolve));
      atOnce -= 1;
    });
    for (let wake = 0; wake < 5; wake += 1) work.wake();
    await work.idle();
    expect(runs).to.equal(2);
    work.wake();
    await Promise.resolve();
    for (let wake = 0; wake < 5; wake += 1) work.wake();
    await work.idle();
    expect(runs).to.equal(4);
  });
});
