import { expect } from 'chai';
import { createFairQueue, type FairQueue, type NoTurn, type Share } from '#libs/data-plane/dns/fair-queue.js';
import { waitFor } from '#test/support/wait.js';

const RUNNING: Share = { ofAll: 4, ofOne: 2, always: 1 };
const WAITING: Share = { ofAll: 6, ofOne: 4, always: 1 };

/** Work that runs until it is ended by name; `begun` has the names in the order of their turns. */
function rig(waitMs = 60_000) {
  const queue: FairQueue = createFairQueue({ running: RUNNING, waiting: WAITING, waitMs });
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  return {
    queue,
    begun,
    ask(source: string, ...names: string[]): Promise<'done' | NoTurn>[] {
      return names.map((name) =>
        queue.run(source, () => {
          begun.push(name);
          return new Promise<'done'>((resolve) => ends.set(name, () => resolve('done')));
        }),
      );
    },
    async end(name: string, begins: readonly string[]) {
      const before = begun.length;
      ends.get(name)?.();
      await waitFor(`${begins} begin`, () => begun.length === before + begins.length);
      expect(begun.slice(before)).to.deep.equal(begins);
    },
  };
}

describe('the fair queue', () => {
  it('runs as much as one source may, then as much as all may, and of each at least its own', () => {
    const { ask, begun } = rig();
    void ask('a', 'a1', 'a2', 'a3');
    void ask('b', 'b1', 'b2', 'b3');
    void ask('c', 'c1', 'c2');
    void ask('d', 'd1');
    expect(begun).to.deep.equal(['a1', 'a2', 'b1', 'b2', 'c1', 'd1']);
  });

  it('gives each source that waits its turn, whichever asked first and however much', async () => {
    const { ask, end } = rig();
    void ask('a', 'a1', 'a2', 'a3', 'a4', 'a5');
    void ask('b', 'b1', 'b2', 'b3');
    void ask('c', 'c1', 'c2');
    // Five run, because each source has one guaranteed place; until fewer than four do, only a source without a running
    // one begins.
    await end('c1', ['c2']);
    await end('a1', []);
    await end('b1', ['a3']);
    await end('a2', ['b3']);
    await end('a3', ['a4']);
    await end('c2', ['a5']);
  });

  it('gives a source at its own bound no turn of others, and keeps its place', async () => {
    const { ask, end } = rig();
    void ask('a', 'a1', 'a2', 'a3');
    void ask('b', 'b1');
    await end('b1', []);
    await end('a1', ['a3']);
  });

  it('takes no more than may wait: of one source, of all, and of each at least one', async () => {
    const { ask, queue } = rig();
    const settled: string[] = [];
    for (const [source, count] of [
      ['a', 7],
      ['b', 5],
      ['c', 3],
    ] as const) {
      const names = Array.from({ length: count }, (_, index) => `${source}${index}`);
      ask(source, ...names).forEach((outcome, index) => {
        void outcome.then((what) => settled.push(`${source}${index} ${what}`));
      });
    }
    await waitFor('those that have no room', () => settled.length === 3);
    // a: two run and four wait. b: two run, two wait, then all six do. c: one runs, one waits.
    expect(settled).to.have.members(['a6 full', 'b4 full', 'c2 full']);
    queue.close();
    await waitFor('those that wait', () => settled.length === 10);
    expect(settled.slice(3).every((each) => each.endsWith(' late'))).to.equal(true);
  });

  it('lets nothing wait longer than its bound, and is as before afterwards', async () => {
    const { ask, end, begun } = rig(20);
    void ask('a', 'a1', 'a2');
    expect(await Promise.all(ask('a', 'a3', 'a4'))).to.deep.equal(['late', 'late']);
    await end('a1', []);
    void ask('a', 'a5');
    expect(begun).to.deep.equal(['a1', 'a2', 'a5']);
  });

  it('rejects as the work does, which frees its place', async () => {
    const { queue, ask, begun } = rig();
    const failed = Array.from({ length: 3 }, () => queue.run('a', () => Promise.reject(new Error('broken'))));
    const outcomes = await Promise.allSettled(failed);
    expect(outcomes.map(({ status }) => status)).to.deep.equal(['rejected', 'rejected', 'rejected']);
    void ask('a', 'a1', 'a2');
    expect(begun).to.deep.equal(['a1', 'a2']);
  });
});
