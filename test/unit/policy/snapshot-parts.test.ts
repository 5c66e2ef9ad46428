import { expect } from 'chai';
import fc from 'fast-check';
import { cutIntoParts } from '#libs/policy/snapshot-parts.js';

describe('cutting a snapshot into parts', () => {
  it('loses nothing, splits no code point, and keeps every part as JSON within the bound', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), fc.integer({ min: 16, max: 200 }), (text, bound) => {
        const parts = cutIntoParts(text, bound);
        expect(parts.join('')).to.equal(text);
        for (const part of parts) {
          expect(Buffer.byteLength(JSON.stringify(part))).to.be.at.most(bound);
          expect(part.isWellFormed()).to.equal(true);
        }
      }),
    );
  });

  it('leaves a text that fits in one part', () => {
    expect(cutIntoParts('{"a":1}', 100)).to.deep.equal(['{"a":1}']);
  });
});
