import { expect } from 'chai';
import { createRateLimit, type RateLimit } from '#libs/data-plane/dns/rate-limit.js';

describe('DNS rate limit', () => {
  it('allows two seconds worth at once, then as many as time earns', () => {
    const limit = createRateLimit(10, 100);
    const at = (nowMs: number, tries: number): number =>
      Array.from({ length: tries }, () => limit.take('a', nowMs)).filter(Boolean).length;
    expect([at(0, 40), at(100, 40), at(600, 40), at(60_000, 40)]).to.deep.equal([20, 1, 5, 20]);
  });

  it('keeps sources apart', () => {
    const limit = createRateLimit(0.5, 100);
    expect([limit.take('a', 0), limit.take('a', 0), limit.take('b', 0)]).to.deep.equal([true, false, true]);
  });

  it('gives the sources beyond its bound one bucket together, and room again when others have been quiet', () => {
    const limit = createRateLimit(0.5, 2);
    expect([limit.take('a', 0), limit.take('b', 0)]).to.deep.equal([true, true]);
    expect([limit.take('c', 0), limit.take('d', 0)]).to.deep.equal([true, false]);
    // Both are full again and were removed: two new sources get a bucket each.
    expect([limit.take('e', 2_000), limit.take('f', 2_000), limit.take('e', 2_000)]).to.deep.equal([true, true, false]);
  });

  /** How many of this many queries are taken. */
  const taken = (limit: RateLimit, source: string, nowMs: number, queries = 20): number =>
    Array.from({ length: queries }, () => limit.take(source, nowMs)).filter(Boolean).length;

  it('looks for room at most once a second, however many sources are forged', () => {
    const limit = createRateLimit(5, 2);
    expect([taken(limit, 'a', 0, 1), taken(limit, 'b', 0, 1)]).to.deep.equal([1, 1]);
    // No bucket is full yet: c uses the shared one.
    expect(taken(limit, 'c', 0)).to.equal(10);
    // The buckets of a and b have long been full again, but they are removed only a second after the last check.
    expect(taken(limit, 'd', 900)).to.equal(4);
    expect([taken(limit, 'd', 1_000), taken(limit, 'e', 1_000)]).to.deep.equal([10, 10]);
    expect(taken(limit, 'f', 1_000)).to.equal(1);
  });

  it('forgets only buckets that are full: a source is no better off after the others were looked at', () => {
    const limit = createRateLimit(5, 2);
    expect([taken(limit, 'a', 0, 1), taken(limit, 'b', 500)]).to.deep.equal([1, 10]);
    expect(taken(limit, 'c', 700, 1)).to.equal(1);
    expect(taken(limit, 'b', 700)).to.equal(1);
    expect(taken(limit, 'a', 700)).to.equal(10);
  });
});
