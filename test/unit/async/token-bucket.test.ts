import { expect } from 'chai';
import { TokenBucket } from '#libs/async/token-bucket.js';

describe('a token bucket', () => {
  it('gives a burst at once, and then what has come in since', () => {
    const bucket = new TokenBucket(10, 3, 1_000);
    expect([1, 2, 3, 4].map(() => bucket.take(1, 1_000))).to.deep.equal([true, true, true, false]);
    expect(bucket.take(1, 1_099)).to.equal(false);
    expect(bucket.take(1, 1_101)).to.equal(true);
  });

  it('takes nothing when there is not enough, and never holds more than the burst', () => {
    const bucket = new TokenBucket(10, 3, 0);
    expect(bucket.take(4, 1_000_000)).to.equal(false);
    expect(bucket.take(3, 1_000_000)).to.equal(true);
    expect(bucket.take(1, 1_000_000)).to.equal(false);
  });

  it('is full when nothing was taken for long enough', () => {
    const bucket = new TokenBucket(10, 3, 0);
    bucket.take(2, 0);
    expect([100, 199, 200].map((nowMs) => bucket.isFull(nowMs))).to.deep.equal([false, false, true]);
  });
});
