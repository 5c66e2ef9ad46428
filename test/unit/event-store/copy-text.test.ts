import { expect } from 'chai';
import fc from 'fast-check';
import { parseCopyLine, printCopyLine } from '#libs/event-store/copy-text.js';

describe('a line of COPY', () => {
  const cases: readonly [string, string, readonly (string | null)[]][] = [
    ['plain columns', 'a\tb\t\n', ['a', 'b', '']],
    ['nulls', '\\N\ta\t\\N\n', [null, 'a', null]],
    ['escapes beside nulls', '\\N\t{"a":"\\\\n \\\\"x\\\\""}\n', [null, '{"a":"\\n \\"x\\""}']],
    ['text that looks like a null', '\\\\N\tN\n', ['\\N', 'N']],
    ['control characters', 'a\\tb\\nc\n', ['a\tb\nc']],
    ['every character that is escaped', '\\\\\\b\\f\\n\\r\\t\\v\n', ['\\\b\f\n\r\t\v']],
    ['an escape after the last null', '\\N\ta\\tb\n', [null, 'a\tb']],
    ['nothing', '\n', ['']],
  ];
  for (const [name, line, columns] of cases) {
    it(`is read and printed with ${name}`, () => {
      expect(parseCopyLine(line)).to.deep.equal(columns);
      expect(printCopyLine(columns)).to.equal(line);
    });
  }

  it('is read back as it was printed', () => {
    const column = fc.option(
      fc.string({ unit: fc.constantFrom('\\', 'N', 'n', 't', '\t', '\r', '\b', '\n', '"', 'é', '𝄞') }),
    );
    fc.assert(
      fc.property(fc.array(column, { minLength: 1 }), (columns) => {
        expect(parseCopyLine(printCopyLine(columns))).to.deep.equal(columns);
      }),
    );
  });
});
