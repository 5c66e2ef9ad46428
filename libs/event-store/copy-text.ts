/**
 * COPY's text format in both directions: tab-separated columns, `\N` for null, some characters escaped with
 * backslashes. Source: the Postgres manual, COPY, "Text Format".
 */
export type CopyColumn = string | number | null;

const NULL = '\\N';
const TO_ESCAPE = /[\\\b\f\n\r\t\v]/;
const EACH_TO_ESCAPE = /[\\\b\f\n\r\t\v]/g;
const PRINTED: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
};
const READ: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

/** Includes the line end. */
export function printCopyLine(columns: readonly CopyColumn[]): string {
  let line = '';
  for (const [index, column] of columns.entries()) {
    if (index > 0) line += '\t';
    if (column === null) line += NULL;
    else if (typeof column === 'string' && TO_ESCAPE.test(column)) line += escapeCopy(column);
    else line += column;
  }
  return `${line}\n`;
}

/** `line` includes its line end. */
export function parseCopyLine(line: string): (string | null)[] {
  const columns: (string | null)[] = line.slice(0, -1).split('\t');
  if (hasEscape(line)) return columns.map((column) => (column === NULL ? null : unescapeCopy(column ?? '')));
  for (let index = columns.indexOf(NULL); index >= 0; index = columns.indexOf(NULL, index)) columns[index] = null;
  return columns;
}

/** Whether there is a backslash other than in `\N`. Most events have none and are parsed twice as fast. */
function hasEscape(line: string): boolean {
  let at = line.indexOf('\\');
  while (at >= 0 && line[at + 1] === 'N') at = line.indexOf('\\', at + 2);
  return at >= 0;
}

function escapeCopy(column: string): string {
  return column.replace(EACH_TO_ESCAPE, (character) => PRINTED[character] ?? character);
}

function unescapeCopy(column: string): string {
  return column.replace(/\\(.)/g, (_, character: string) => READ[character] ?? character);
}
