import { expect } from 'chai';
import fc from 'fast-check';
import { canonicalJson, type JsonValue } from '#libs/contracts/canonical-json.js';

describe('canonical JSON', () => {
  const rows: readonly (readonly [value: JsonValue, text: string])[] = [
    [null, 'null'],
    [true, 'true'],
    [0, '0'],
    [-0, '0'],
    [1e21, '1e+21'],
    ['a"\\\n\u0007é', '"a\\"\\\\\\n\\u0007é"'],
    [[], '[]'],
    [{}, '{}'],
    [[3, [2], { b: 1, a: [] }], '[3,[2],{"a":[],"b":1}]'],
    // Code units, not letters of an alphabet: RFC 8785 section 3.2.3.
    [
      { '\u20ac': 1, '\r': 2, '1': 3, '\u00f6': 4, '\ud83d\ude00': 5, '\ufb33': 6, A: 7, a: 8 },
      '{"\\r":2,"1":3,"A":7,"a":8,"\u00f6":4,"\u20ac":1,"\ud83d\ude00":5,"\ufb33":6}',
    ],
  ];
  for (const [value, text] of rows) it(`writes ${text}`, () => expect(canonicalJson(value)).to.equal(text));

  it('reads back as the value it was', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(value as JsonValue))).to.deep.equal(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('is the same for equal values, in whatever order their members came', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { noNullPrototype: true }), (object) => {
        const reversed = Object.fromEntries(Object.entries(object).reverse());
        expect(canonicalJson(reversed as JsonValue)).to.equal(canonicalJson(object as JsonValue));
      }),
    );
  });
});
