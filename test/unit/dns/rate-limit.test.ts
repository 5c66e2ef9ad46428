import { expect } from 'chai';
import { createRateLimit } from '#libs/data-plane/dns/rate-limit.js';

describe('DNS rate limit', () => {
  it('allows a second worth at once, then as many as time earns', () => {
    const limit = createRateLimit(10, 100);
    const at = (nowMs: number, tries: number): number =>
      Array.from({ length: tries }, () => limit.take('a', nowMs)).filter(Boolean).length;
    expect([at(0, 20), at(100, 20), at(600, 20), at(60_000, 20)]).to.deep.equal([10, 1, 5, 10]);
  });

  it('keeps sources apart', () => {
    const limit = createRateLimit(1, 100);
    expect([limit.take('a', 0), limit.take('a', 0), limit.take('b', 0)]).to.deep.equal([true, false, true]);
  });

  it('gives the sources beyond its bound one bucket together, and room again when others have been quiet', () => {
    const limit = createRateLimit(1, 2);
    expect([limit.take('a', 0), limit.take('b', 0)]).to.deep.equal([true, true]);
    expect([limit.take('c', 0), limit.take('d', 0)]).to.deep.equal([true, false]);
    // Both are full again and forgotten: two new sources have a bucket each.
    expect([limit.take('e', 2_000), limit.take('f', 2_000), limit.take('e', 2_000)]).to.deep.equal([true, true, false]);
  });
});
