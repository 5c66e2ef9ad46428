import { expect } from 'chai';
import { RepeatedWork } from '#libs/async/repeated-work.js';
import { waitFor } from '#test/support/wait.js';

const EVERY_MS = 1;

describe('repeated work', () => {
  let repeated: RepeatedWork;
  const failures: unknown[] = [];

  const started = (work: () => Promise<void>): void => {
    repeated = new RepeatedWork(work, EVERY_MS, (error) => failures.push(error));
    repeated.start();
  };

  afterEach(async () => {
    await repeated.close();
    failures.length = 0;
  });

  it('is done again and again, also after it failed', async () => {
    let times = 0;
    started(async () => {
      times += 1;
      if (times === 1) throw new Error('the first time');
    });
    await waitFor('it is done three times', () => times >= 3);
    expect(failures.map(String)).to.deep.equal(['Error: the first time']);
  });

  it('is done once at a time, and has ended when it is closed', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    let [begun, ended, intervals] = [0, 0, 0];
    started(async () => {
      begun += 1;
      await promise;
      ended += 1;
    });
    const beside = new RepeatedWork(
      async () => {
        intervals += 1;
      },
      EVERY_MS,
      (error) => failures.push(error),
    );
    beside.start();
    await waitFor('many intervals are over', () => intervals > 10);
    await beside.close();
    expect(begun).to.equal(1);
    const closed = repeated.close();
    resolve();
    await closed;
    expect([begun, ended]).to.deep.equal([1, 1]);
  });
});
