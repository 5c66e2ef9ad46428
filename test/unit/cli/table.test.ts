import { expect } from 'chai';
import { tableLines } from '#apps/cli/output/table.js';

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
    expect(tableLines(rows, columns)).to.deep.equal([
      'NAME           PORT  END',
      'api            8080  x',
      'a-longer-name  -     -',
      '-              -     y',
    ]);
  });

  it('keep one row on one line, whatever the data', () => {
    const [, line] = tableLines([{ name: 'a\nb\u001b[31m', port: 1, end: 'c\r\nd' }], columns);
    expect(line).to.equal('a b   1     c d');
  });
});
