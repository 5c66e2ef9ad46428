import { expect } from 'chai';
import { LastUse } from '#apps/control-plane/auth/last-use.js';

describe('when a token or session was used last', () => {
  const at = (seconds: number) => new Date(1_700_000_000_000 + seconds * 1_000);

  it('is written once a minute for each, and again after every minute', () => {
    const lastUse = new LastUse();
    expect(lastUse.isNews('a', at(0))).to.equal(true);
    expect([lastUse.isNews('a', at(59.999)), lastUse.isNews('b', at(59))]).to.deep.equal([false, true]);
    expect([lastUse.isNews('a', at(60)), lastUse.isNews('a', at(119))]).to.deep.equal([true, false]);
  });

  it('is remembered for ten thousand at most: past them it is written again', () => {
    const lastUse = new LastUse();
    for (let number = 0; number < 10_000; number += 1) lastUse.isNews(`token-${number}`, at(0));
    expect(lastUse.isNews('token-0', at(1))).to.equal(false);
    expect(lastUse.isNews('one more', at(1))).to.equal(true);
    expect(lastUse.isNews('token-0', at(2))).to.equal(true);
  });
});
