import { expect } from 'chai';
import { InvalidInputError } from '#libs/contracts/errors.js';
import { parseGivenPattern, refusePublicSuffix } from '#libs/contracts/http/egress.js';
import type { OutsidePattern } from '#libs/contracts/ids.js';
import { covers, parentsOf, parseOutsideName, parseOutsidePattern } from '#libs/contracts/outside-names.js';

const label = (length: number) => 'a'.repeat(length);

const taken: readonly (readonly [given: string, kept: string])[] = [
  ['packages.example.com', 'packages.example.com'],
  ['Packages.Example.COM', 'packages.example.com'],
  ['*.example.com', '*.example.com'],
  ['bücher.example', 'xn--bcher-kva.example'],
  ['*.BÜCHER.example', '*.xn--bcher-kva.example'],
  ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
  ['faß.de', 'xn--fa-hia.de'],
  ['例え.jp', 'xn--r8jz45g.jp'],
  [`${label(63)}.example`, `${label(63)}.example`],
  [`${`${label(61)}.`.repeat(4)}example`.slice(-253), `${`${label(61)}.`.repeat(4)}example`.slice(-253)],
  ['1.example.com', '1.example.com'],
  ['*.com', '*.com'],
];

const refused: readonly (readonly [given: unknown, code: string])[] = [
  ['', 'OUTSIDE_NAME_INVALID'],
  [7, 'OUTSIDE_NAME_INVALID'],
  [null, 'OUTSIDE_NAME_INVALID'],
  ['com', 'OUTSIDE_NAME_INVALID'],
  ['*.com.', 'OUTSIDE_NAME_INVALID'],
  ['example.com.', 'OUTSIDE_NAME_INVALID'],
  ['bücher.example.', 'OUTSIDE_NAME_INVALID'],
  ['.example.com', 'OUTSIDE_NAME_INVALID'],
  ['a..example.com', 'OUTSIDE_NAME_INVALID'],
  ['-a.example.com', 'OUTSIDE_NAME_INVALID'],
  ['a-.example.com', 'OUTSIDE_NAME_INVALID'],
  ['under_score.example.com', 'OUTSIDE_NAME_INVALID'],
  ['a b.example.com', 'OUTSIDE_NAME_INVALID'],
  ['a%2eb.example.com', 'OUTSIDE_NAME_INVALID'],
  ['bü%2ecom', 'OUTSIDE_NAME_INVALID'],
  ['bü/evil.com', 'OUTSIDE_NAME_INVALID'],
  ['a\u200cb.example.com', 'OUTSIDE_NAME_INVALID'],
  [`${label(64)}.example`, 'OUTSIDE_NAME_INVALID'],
  [`${`${label(61)}.`.repeat(4)}example`, 'OUTSIDE_NAME_INVALID'],
  ['https://example.com', 'ADDRESS_NOT_A_NAME'],
  ['example.com:443', 'ADDRESS_NOT_A_NAME'],
  ['10.0.0.1', 'ADDRESS_NOT_A_NAME'],
  ['127.1', 'ADDRESS_NOT_A_NAME'],
  ['0x7f.0x1', 'ADDRESS_NOT_A_NAME'],
  ['2130706433', 'ADDRESS_NOT_A_NAME'],
  ['10.0.0.0/8', 'ADDRESS_NOT_A_NAME'],
  ['::1', 'ADDRESS_NOT_A_NAME'],
  ['[::1]', 'ADDRESS_NOT_A_NAME'],
  ['fd00::/8', 'ADDRESS_NOT_A_NAME'],
  ['*.10.0.0.1', 'ADDRESS_NOT_A_NAME'],
  ['a.*.example.com', 'WILDCARD_MISPLACED'],
  ['*.*.example.com', 'WILDCARD_MISPLACED'],
  ['a*.example.com', 'WILDCARD_MISPLACED'],
  ['*', 'WILDCARD_MISPLACED'],
  ['*example.com', 'WILDCARD_MISPLACED'],
  ['bü.*.example.com', 'OUTSIDE_NAME_INVALID'],
  ['*.', 'OUTSIDE_NAME_INVALID'],
  ['api.dev.gstacks', 'INSIDE_NAME'],
  ['*.gstacks', 'INSIDE_NAME'],
];

function codeOf(work: () => unknown): string | null {
  try {
    work();
    return null;
  } catch (error) {
    if (error instanceof InvalidInputError) return error.code;
    throw error;
  }
}

describe('names outside', () => {
  for (const [given, kept] of taken) {
    it(`${given.slice(0, 40)} is kept as ${kept.slice(0, 40)}`, () => {
      expect(parseGivenPattern(given, 'to')).to.equal(kept);
      expect(parseOutsidePattern(kept, 'to')).to.equal(kept);
    });
  }
  for (const [given, code] of refused) {
    it(`${JSON.stringify(given).slice(0, 40)} is ${code}`, () =>
      expect(codeOf(() => parseGivenPattern(given, 'to'))).to.equal(code));
  }

  it('are no patterns where a name is needed, and always in lower case there', () => {
    for (const text of ['*.example.com', 'Example.com', 'bücher.example']) {
      expect(
        codeOf(() => parseOutsideName(text, 'name')),
        text,
      ).to.not.equal(null);
    }
  });

  for (const [pattern, isRefused] of [
    ['*.com', true],
    ['*.co.uk', true],
    ['co.uk', true],
    ['*.test', true],
    ['*.example.com', false],
    ['*.githubusercontent.com', false],
    ['*.example.test', false],
    ['example.com', false],
  ] as const) {
    it(`${pattern} ${isRefused ? 'needs --force' : 'is no public suffix'}`, () => {
      const refusal = codeOf(() => refusePublicSuffix(pattern as OutsidePattern, 'to'));
      expect(refusal).to.equal(isRefused ? 'PUBLIC_SUFFIX' : null);
    });
  }

  it('are covered by a wildcard at every depth below its apex, and not at the apex', () => {
    const wild = parseOutsidePattern('*.example.com', 'to');
    const cases = { 'a.example.com': true, 'b.a.example.com': true, 'example.com': false, 'badexample.com': false };
    for (const [name, expected] of Object.entries(cases)) {
      expect(covers(wild, parseOutsideName(name, 'name')), name).to.equal(expected);
    }
    expect(parentsOf('b.a.example.com')).to.deep.equal(['a.example.com', 'example.com', 'com']);
  });
});
