import { clean } from './clean.js';

export type Cell = string | number | boolean | null | undefined;

/** One column: its heading and what it shows of a row. */
export interface Column<Row> {
  readonly heading: string;
  readonly cell: (row: Row) => Cell;
}

const GAP = '  ';

/** Lines of a plain table: headings, then one line a row; nothing shows as `-`, and the last column is not padded. */
export function tableLines<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): readonly string[] {
  const lines = [
    columns.map((column) => column.heading),
    ...rows.map((row) => columns.map(({ cell }) => show(cell(row)))),
  ];
  const widths = columns.map((_, index) => Math.max(...lines.map((cells) => width(cells[index] ?? ''))));
  return lines.map((cells) =>
    cells
      .map((cell, index) => cell + ' '.repeat((widths[index] ?? 0) - width(cell)))
      .join(GAP)
      .trimEnd(),
  );
}

function show(value: Cell): string {
  if (value === null || value === undefined) return '-';
  const text = clean(String(value));
  return text === '' ? '-' : text;
}

function width(text: string): number {
  return [...text].length;
}
