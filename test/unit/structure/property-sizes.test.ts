import { expect } from 'chai';
import fc from 'fast-check';

describe('property tests', () => {
  it('try values as long as they may be, not only short ones', () => {
    const lengths = fc.sample(fc.uint8Array({ maxLength: 512 }), 100).map(({ length }) => length);
    expect(Math.max(...lengths)).to.be.greaterThan(256);
  });
});
