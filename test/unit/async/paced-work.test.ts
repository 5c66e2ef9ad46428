import { expect } from 'chai';
import { PacedWork } from '#libs/async/paced-work.js';
import { waitFor } from '#test/support/wait.js';

const COST_MS = 20;

describe('paced work', () => {
  let paced: PacedWork;
  let ran: number[];
  let costMs: number;

  beforeEach(() => {
    ran = [];
    costMs = 0;
    paced = new PacedWork(() => {
      ran.push(performance.now());
      const until = performance.now() + costMs;
      while (performance.now() < until);
    });
  });

  afterEach(() => paced.close());

  it('is done at once, and rests four times as long as it took: what is wanted meanwhile is done in one run', async () => {
    costMs = COST_MS;
    paced.wake();
    expect(ran).to.have.length(1);
    for (let wanted = 0; wanted < 5; wanted += 1) paced.wake();
    expect(ran).to.have.length(1);
    await waitFor('the second run', () => ran.length === 2);
    const [first = 0, second = 0] = ran;
    // Timers of Node may fire a millisecond early.
    expect(second - first).to.be.at.least(5 * COST_MS - 2);
  });

  it('is not done any more once closed', () => {
    paced.close();
    paced.wake();
    expect(ran).to.deep.equal([]);
  });
});
