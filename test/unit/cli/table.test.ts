import { expect } from 'chai';
import fc from 'fast-check';
import { type Column, fitTable } from '#apps/cli/output/table.js';

const ANY_WIDTH = Number.POSITIVE_INFINITY;

describe('cli: tables', () => {
  const columns = [
    { heading: 'NAME', cell: (row: { name: string }) => row.name },
    { heading: 'PORT', cell: (row: { port?: number | null }) => row.port },
    { heading: 'END', cell: (row: { end: string }) => row.end },
  ];

  it('line up, show what is missing as -, and end lines without white space', () => {
    const rows = [
      { name: 'api', port: 8080, end: 'x' },
      { name: 'a-longer-name', port: null, end: '' },
      { name: '', end: 'y' },
    ];
    expect(fitTable(rows, columns, ANY_WIDTH).lines).to.deep.equal([
      'NAME           PORT  END',
      'api            8080  x',
      'a-longer-name  -     -',
      '-              -     y',
    ]);
  });

  it('show a column that is often empty only if some row has a value for it', () => {
    const optional: readonly Column<{ name: string; left?: string }>[] = [
      { heading: 'NAME', cell: ({ name }) => name },
      { heading: 'LEFT', cell: ({ left }) => left, onlyWithValues: true },
    ];
    expect(fitTable([{ name: 'api' }], optional, ANY_WIDTH)).to.deep.equal({ lines: ['NAME', 'api'], leftOut: [] });
    expect(fitTable([{ name: 'api' }, { name: 'db', left: '2 h' }], optional, ANY_WIDTH).lines).to.deep.equal([
      'NAME  LEFT',
      'api   -',
      'db    2 h',
    ]);
  });

  it('keep one row on one line, whatever the data', () => {
    const [, line] = fitTable([{ name: 'a\nb\u001b[31m', port: 1, end: 'c\r\nd' }], columns, ANY_WIDTH).lines;
    expect(line).to.equal('a b   1     c d');
  });

  describe('on a terminal', () => {
    interface Row {
      readonly name: string;
      readonly list: string;
      readonly more: string;
    }
    const narrowing: readonly Column<Row>[] = [
      { heading: 'NAME', cell: ({ name }) => name },
      { heading: 'LIST', cell: ({ list }) => list, wraps: true },
      { heading: 'MORE', cell: ({ more }) => more, leavesAt: 1 },
      { heading: 'MOST', cell: ({ more }) => more, leavesAt: 2 },
    ];
    const row: Row = { name: 'api', list: 'one, two, three, four, five', more: 'twelve-chars' };
    const at = (width: number) => fitTable([row], narrowing, width);

    it('wrap what wraps between words, before anything is left out', () => {
      expect(at(50)).to.deep.equal({
        lines: [
          'NAME  LIST              MORE          MOST',
          'api   one, two, three,  twelve-chars  twelve-chars',
          '      four, five',
        ],
        leftOut: [],
      });
    });

    it('leave out the highest rank first, and name what they leave out', () => {
      expect(at(40)).to.deep.equal({
        lines: ['NAME  LIST                  MORE', 'api   one, two, three,      twelve-chars', '      four, five'],
        leftOut: ['MOST'],
      });
      expect(at(24).leftOut).to.deep.equal(['MORE', 'MOST']);
    });

    it('become a block of lines for each row where not even that fits, with every column', () => {
      const name = 'n'.repeat(30);
      expect(fitTable([{ ...row, name }, row], narrowing, 24)).to.deep.equal({
        lines: [
          ...[
            `NAME  ${name}`,
            'LIST  one, two, three,',
            '      four, five',
            'MORE  twelve-chars',
            'MOST  twelve-chars',
          ],
          '',
          ...['NAME  api', 'LIST  one, two, three,', '      four, five', 'MORE  twelve-chars', 'MOST  twelve-chars'],
        ],
        leftOut: [],
      });
    });

    it('never break a word, nor go over the edge where each word has room', () => {
      const words = fc.array(fc.stringMatching(/^[a-z:]{1,12}$/), { maxLength: 8 }).map((all) => all.join(' '));
      const cells = fc.record({ name: fc.stringMatching(/^[a-z-]{1,20}$/), list: words, more: words });
      fc.assert(
        fc.property(
          fc.array(cells, { minLength: 1, maxLength: 5 }),
          fc.integer({ min: 30, max: 120 }),
          (rows, width) => {
            const { lines, leftOut } = fitTable(rows, narrowing, width);
            for (const line of lines) expect(line.length).to.be.at.most(width);
            const shown = lines.flatMap((line) => line.split(/\s+/));
            const kept = rows.flatMap((each) => [
              each.name,
              each.list,
              ...(leftOut.includes('MORE') ? [] : [each.more]),
            ]);
            for (const word of kept.flatMap((text) => text.split(' '))) if (word !== '') expect(shown).to.include(word);
          },
        ),
      );
    });
  });
});
