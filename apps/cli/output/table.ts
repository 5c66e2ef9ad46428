import { clean } from './clean.js';
import { longestWord, pad, width, wrap, wrapAfter } from './wrap.js';

export type Cell = string | number | boolean | null | undefined;

/** One column: its heading, and its cell for a row. */
export interface Column<Row> {
  readonly heading: string;
  readonly cell: (row: Row) => Cell;
  /** Whether its cells may be wrapped between words: lists and sentences. */
  readonly wraps?: true;
  /** On a terminal that is too narrow, columns with a rank are left out, the highest first. */
  readonly leavesAt?: number;
  /** Whether the column is shown only if some row has a value for it. */
  readonly onlyWithValues?: true;
}

export interface FittedTable {
  readonly lines: readonly string[];
  /** Headings of columns that did not fit. */
  readonly leftOut: readonly string[];
}

const GAP = '  ';
const MISSING = '-';
/** A wrapping column is not made narrower than this before columns are left out. */
const LEAST_WRAPPED = 16;

/**
 * A plain table with at most `most` characters per line: headings, then rows. Missing values show as `-`, and the last
 * column is not padded. What does not fit is wrapped, then left out; if that is not enough, each row becomes a block
 * with one line per column and nothing left out. Words are never broken.
 */
export function fitTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[], most: number): FittedTable {
  const present: readonly Column<Row>[] = columns.filter(
    ({ onlyWithValues, cell }) => !onlyWithValues || rows.some((row) => show(cell(row)) !== MISSING),
  );
  let shown = present;
  let widths = fittingWidths(rows, shown, most);
  while (widths === null) {
    const next = withoutOne(shown);
    if (next === null) return { lines: blocks(rows, present, most), leftOut: [] };
    shown = next;
    widths = fittingWidths(rows, shown, most);
  }
  const lines = [shown.map(({ heading }) => heading), ...rows.map((row) => texts(row, shown))];
  return {
    lines: lines.flatMap((cells) => rowLines(cells, widths)),
    leftOut: present.filter((column) => !shown.includes(column)).map(({ heading }) => heading),
  };
}

/** Without the column of the highest rank, of several the last; null: no column may be left out. */
function withoutOne<Row>(columns: readonly Column<Row>[]): readonly Column<Row>[] | null {
  const rank = Math.max(...columns.map(({ leavesAt }) => leavesAt ?? 0));
  if (rank <= 0) return null;
  const leaves = columns.findLast(({ leavesAt }) => leavesAt === rank);
  return columns.filter((column) => column !== leaves);
}

function texts<Row>(row: Row, columns: readonly Column<Row>[]): readonly string[] {
  return columns.map(({ cell }) => show(cell(row)));
}

/** The width of each column; null: they do not fit. */
function fittingWidths<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  most: number,
): readonly number[] | null {
  const shown = rows.map((row) => texts(row, columns));
  const natural = columns.map(({ heading }, index) =>
    Math.max(width(heading), ...shown.map((cells) => width(cells[index] ?? ''))),
  );
  const least = columns.map(({ heading, wraps }, index) => {
    const whole = natural[index] ?? 0;
    if (wraps !== true) return whole;
    const word = Math.max(width(heading), ...shown.map((cells) => longestWord(cells[index] ?? '')));
    return Math.max(word, Math.min(whole, LEAST_WRAPPED));
  });
  const spare = most - total(least) - GAP.length * (columns.length - 1);
  return spare < 0 ? null : shared(least, natural, spare);
}

/** Distributes the remaining room evenly among the columns that need it. */
function shared(least: readonly number[], natural: readonly number[], spare: number): readonly number[] {
  const widths = [...least];
  const lacking = least
    .map((narrow, index) => ({ index, lacks: (natural[index] ?? narrow) - narrow }))
    .filter(({ lacks }) => lacks > 0)
    .sort((first, second) => first.lacks - second.lacks);
  let left = spare;
  for (const [done, { index, lacks }] of lacking.entries()) {
    const more = Math.min(lacks, Math.floor(left / (lacking.length - done)));
    widths[index] = (least[index] ?? 0) + more;
    left -= more;
  }
  return widths;
}

function rowLines(cells: readonly string[], widths: readonly number[]): readonly string[] {
  const wrapped = cells.map((cell, index) => wrap(cell, widths[index] ?? 0));
  const height = Math.max(...wrapped.map((lines) => lines.length));
  return Array.from({ length: height }, (_, line) =>
    wrapped
      .map((lines, index) => pad(lines[line] ?? '', widths[index] ?? 0))
      .join(GAP)
      .trimEnd(),
  );
}

function blocks<Row>(rows: readonly Row[], columns: readonly Column<Row>[], most: number): readonly string[] {
  const headings = Math.max(...columns.map(({ heading }) => width(heading)));
  return rows.flatMap((row, index) => [
    ...(index === 0 ? [] : ['']),
    ...columns.flatMap(({ heading, cell }) => wrapAfter(pad(heading, headings) + GAP, show(cell(row)), most)),
  ]);
}

function show(value: Cell): string {
  if (value === null || value === undefined) return MISSING;
  const text = clean(String(value));
  return text === '' ? MISSING : text;
}

function total(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}
