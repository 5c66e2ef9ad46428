import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { painted, WIDTHS } from '#test/support/screens/paint.js';
import { PICTURES, pictures, SCREENS } from '#test/support/screens/screens.js';

/** The notes about what did not fit on the terminal. */
const LEFT_OUT = /((?:columns\s+)?left\s+out:|ok +\d+ more|and \d+ more;)[\s\S]*?--verbose\s+shows\s+all(\s+columns)?/g;

describe('cli: what people see', () => {
  for (const { file, text } of pictures()) {
    it(`is the picture ${file}`, () => {
      expect(text).to.equal(readFileSync(join(PICTURES, file), 'utf8'));
    });
  }

  it('has no picture of a screen that is not there', () => {
    expect(readdirSync(PICTURES).sort()).to.deep.equal(
      pictures()
        .map(({ file }) => file)
        .sort(),
    );
  });

  for (const width of WIDTHS) {
    it(`goes over the edge of ${width} columns only with a command, or with names of 63 characters`, () => {
      for (const [name, paint] of SCREENS.filter(([each]) => !each.includes('63-characters'))) {
        const lines = painted(paint, width).split('\n');
        for (const line of lines.filter((each) => !each.includes('gstacks '))) {
          expect(line.length, `${name}: ${line}`).to.be.at.most(width);
        }
      }
    });
  }

  it('breaks no word, at any width', () => {
    for (const [name, paint] of SCREENS) {
      const whole = new Set(painted(paint, null).split(/\s+/));
      for (const width of WIDTHS) {
        const said = painted(paint, width).replaceAll(LEFT_OUT, '');
        for (const word of said.split(/\s+/)) expect(whole.has(word), `${name} at ${width}: ${word}`).to.equal(true);
      }
    }
  });

  it('has everything with --verbose, whatever the width', () => {
    for (const [name, paint] of SCREENS) {
      expect(painted(paint, 60, true), name).to.equal(painted(paint, null, true));
    }
  });
});
