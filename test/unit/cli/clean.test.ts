import { expect } from 'chai';
import fc from 'fast-check';
import { readEnvironment } from '#apps/cli/environment.js';
import { clean, jsonText } from '#apps/cli/output/clean.js';
import { Screen } from '#apps/cli/output/screen.js';

const ESC = '\u001b';
const ACTED_UPON = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u;

describe('cli: data on a terminal', () => {
  const rows: readonly (readonly [string, string, string])[] = [
    ['colour', `${ESC}[31mred${ESC}[0m`, 'red'],
    ['cursor movement', `a${ESC}[2Jb${ESC}[1;1Hc`, 'abc'],
    ['a title', `${ESC}]0;owned\u0007text`, 'text'],
    ['a hyperlink', `${ESC}]8;;http://x/\u0007here${ESC}]8;;\u0007`, 'here'],
    ['8-bit control sequences', '\u009b31mred', 'red'],
    ['line breaks', 'one\r\ntwo\nthree\u2028four', 'one two three four'],
    ['bells, backspaces and deletes', 'a\u0007b\u0008c\u007fd', 'abcd'],
    ['reordering marks', 'abc\u202egpj.exe', 'abcgpj.exe'],
    ['a lone escape', `x${ESC}`, 'x'],
    ['ordinary text', 'sbx-api é 名前', 'sbx-api é 名前'],
  ];
  for (const [what, given, shown] of rows) {
    it(`loses ${what}`, () => expect(clean(given)).to.equal(shown));
  }

  it('carries no control character, whatever the data', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => !ACTED_UPON.test(clean(text))));
  });

  it('is the same value in JSON, with nothing a terminal acts on but line breaks', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const written = jsonText({ text });
        expect(JSON.parse(written)).to.deep.equal({ text });
        expect(written.replaceAll('\n', '')).to.not.match(ACTED_UPON);
      }),
    );
  });

  it('gets colour on a terminal only, and not with NO_COLOR', () => {
    expect(readEnvironment({}).allowsColour).to.equal(true);
    expect(readEnvironment({ NO_COLOR: '1' }).allowsColour).to.equal(false);
    expect(readEnvironment({ NO_COLOR: '' }).allowsColour).to.equal(true);
    expect(readEnvironment({ TERM: 'dumb' }).allowsColour).to.equal(false);
  });

  it('is cleaned before our own colour is added', () => {
    const written: string[] = [];
    const paper = { width: 80, isVerbose: false };
    new Screen((text) => written.push(text), { ...paper, hasColour: true }).line(`${ESC}[2Jok`, 'good');
    new Screen((text) => written.push(text), { ...paper, hasColour: false }).line(`${ESC}[2Jok`, 'good');
    expect(written).to.deep.equal([`${ESC}[32mok${ESC}[0m\n`, 'ok\n']);
  });
});
