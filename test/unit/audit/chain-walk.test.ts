import { expect } from 'chai';
import { ChainWalk } from '#libs/audit/chain-walk.js';
import { eventHash } from '#libs/audit/hash-chain.js';
import { chainedEvents } from '#test/support/chained-events.js';

const ROUNDS = 5;

describe('walking the chain of a log', () => {
  it('finds the first of several problems', () => {
    const walk = new ChainWalk();
    const [first, second, third, fourth] = chainedEvents(4);
    for (const event of [first, second, fourth, third]) if (event !== undefined) walk.next(event);
    expect(walk.finish()).to.include({ kind: 'broken', problem: 'MISSING', position: 3 });
  });

  for (const [what, problem, change] of [
    ['with another field', 'CHANGED', { actor: 'user:mallory' }],
    ['with another hash', 'CHANGED', { hash: 'f'.repeat(64) }],
    ['after an event that is not there', 'UNLINKED', { previousHash: 'f'.repeat(64) }],
  ] as const) {
    it(`finds an event ${what}`, () => {
      const walk = new ChainWalk();
      const [first, second] = chainedEvents(2);
      if (first === undefined || second === undefined) throw new Error('two events');
      walk.next(first);
      const changed = { ...second, ...change };
      // Its own hash is right where the link alone is wrong.
      walk.next(problem === 'UNLINKED' ? { ...changed, hash: eventHash(changed.previousHash, changed) } : changed);
      expect(walk.finish()).to.include({ kind: 'broken', problem, position: 2 });
    });
  }

  it('compares every anchor', () => {
    const events = chainedEvents(3);
    const anchors = events.map(({ position, hash }) => ({ position, hash }));
    const found = (...seen: typeof anchors) => {
      const walk = new ChainWalk(seen);
      for (const event of events) walk.next(event);
      return walk.finish();
    };
    expect(found(...anchors)).to.have.property('kind', 'intact');
    const [, second = { position: 2, hash: '' }] = anchors;
    expect(found(...anchors, { ...second, hash: 'other' })).to.include({ problem: 'REWRITTEN', position: 2 });
    expect(found(second, { position: 4, hash: 'later' })).to.include({ problem: 'TAIL_LOST', position: 4 });
  });

  it('takes less than ten seconds of CPU for a million events, as twenty thousand show', () => {
    const events = chainedEvents(20_000);
    const rounds = Array.from({ length: ROUNDS }, () => {
      const walk = new ChainWalk();
      const before = process.cpuUsage();
      for (const event of events) walk.next(event);
      const { user, system } = process.cpuUsage(before);
      expect(walk.finish()).to.have.property('kind', 'intact');
      return (user + system) / events.length;
    });
    // The fastest round is the one that other programs disturbed least.
    expect(Math.min(...rounds), 'microseconds of an event').to.be.lessThan(10);
  });
});
