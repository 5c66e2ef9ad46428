import { expect } from 'chai';
import { Rounds } from '#apps/control-plane/mesh/rounds.js';
import { waitFor } from '#test/support/wait.js';

describe('rounds', () => {
  let begun = 0;
  let errors: unknown[] = [];
  let rounds: Rounds;
  const never = new AbortController().signal;

  function start(run: () => Promise<number | null>): void {
    begun = 0;
    errors = [];
    rounds = new Rounds({
      run: () => {
        begun += 1;
        return run();
      },
      onError: (error) => errors.push(error),
    });
    rounds.start();
  }

  afterEach(() => rounds.close());

  it('are made once at the start, and again when asked for', async () => {
    start(async () => null);
    await rounds.ended(never);
    expect(begun).to.equal(1);
    rounds.ask();
    expect(await rounds.ended(never)).to.equal(true);
    expect(begun).to.equal(2);
  });

  it('are made again when they said', async () => {
    start(async () => 20);
    await waitFor('three rounds', () => begun >= 3);
  });

  it('are never made twice at once; what is asked for meanwhile comes after', async () => {
    const first = Promise.withResolvers<null>();
    start(() => (begun === 1 ? first.promise : Promise.resolve(null)));
    rounds.ask();
    rounds.ask();
    await new Promise(setImmediate);
    expect(begun).to.equal(1);
    first.resolve(null);
    await waitFor('one more', () => begun === 2);
  });

  it('are made again by themselves after one that failed, a little later', async () => {
    const failure = new Error('away');
    start(() => (begun === 1 ? Promise.reject(failure) : Promise.resolve(null)));
    const began = performance.now();
    await waitFor('the second round', () => begun === 2);
    expect(performance.now() - began).to.be.at.least(450);
    expect(errors).to.deep.equal([failure]);
  });

  it('are made at once when asked for, however often they have failed', async () => {
    start(() => Promise.reject(new Error('away')));
    // By themselves the eighth would come after more than a minute.
    for (let round = 1; round <= 8; round += 1) {
      await waitFor(`round ${round} failed`, () => errors.length >= round);
      rounds.ask();
    }
  });

  it('end when they are closed, and nobody waits for another', async () => {
    start(async () => null);
    await rounds.ended(never);
    const next = rounds.ended(never);
    await rounds.close();
    expect(await next).to.equal(false);
    rounds.ask();
    expect(begun).to.equal(1);
  });
});
