import { longestWord, pad, width, wrapAfter } from './wrap.js';

/** A row of short words in columns, with a note beside or below them. */
export interface StateRow {
  readonly columns: readonly string[];
  readonly note: string;
}

const INDENT = '  ';
const GAP = '  ';
const NOTE_BELOW = '    ';
/** With less room than this, notes are put below. */
const LEAST_NOTE = 24;

/** A list without headings: columns are aligned, and a note that does not fit beside them is put below. */
export function stateLines(rows: readonly StateRow[], most: number): readonly string[] {
  const columns = Math.max(0, ...rows.map((row) => row.columns.length));
  const widths = Array.from({ length: columns }, (_, index) =>
    Math.max(...rows.map((row) => width(row.columns[index] ?? ''))),
  );
  const head = (row: StateRow) => INDENT + widths.map((to, index) => pad(row.columns[index] ?? '', to)).join(GAP);
  const room = most - INDENT.length - widths.reduce((sum, each) => sum + each + GAP.length, 0);
  return rows.flatMap((row) => {
    if (row.note === '') return [head(row).trimEnd()];
    if (room < Math.max(longestWord(row.note), Math.min(LEAST_NOTE, width(row.note))))
      return [head(row).trimEnd(), ...wrapAfter(NOTE_BELOW, row.note, most)];
    return wrapAfter(head(row) + GAP, row.note, most);
  });
}
