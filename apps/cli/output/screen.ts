import { clean } from './clean.js';
import { type StateRow, stateLines } from './state-lines.js';
import { type Column, fitTable } from './table.js';
import { together, wrapAfter } from './wrap.js';

export type Tone = 'good' | 'bad' | 'quiet';

const CODES: Readonly<Record<Tone, number>> = { good: 32, bad: 31, quiet: 2 };

export interface Paper {
  readonly hasColour: boolean;
  /** Characters per line; Infinity: nothing is wrapped or left out. */
  readonly width: number;
  /** With `--verbose` nothing is left out, whether it fits or not. */
  readonly isVerbose: boolean;
}

/** Output for people. Every line is cleaned here, and only our own colours are added afterwards. */
export class Screen {
  readonly width: number;
  readonly isVerbose: boolean;

  constructor(
    private readonly write: (text: string) => void,
    private readonly paper: Paper,
  ) {
    this.width = paper.isVerbose ? Number.POSITIVE_INFINITY : paper.width;
    this.isVerbose = paper.isVerbose;
  }

  /** One line, for commands: the terminal wraps a long one itself, and copies it as one line. */
  line(text: string, tone?: Tone): void {
    const safe = clean(text);
    const shown = tone === undefined || !this.paper.hasColour ? safe : `\u001b[${CODES[tone]}m${safe}\u001b[0m`;
    this.write(`${shown}\n`);
  }

  /** A sentence, wrapped between words and indented below its beginning. */
  sentence(head: string, text: string, tone?: Tone): void {
    for (const line of wrapAfter(head, clean(text), this.width)) this.line(line, tone);
  }

  /** A remedy: a command in it stays on one line. */
  advice(head: string, remedy: string): void {
    if (remedy.startsWith('gstacks ')) this.line(head + remedy);
    else this.sentence(head, remedy.replaceAll(/`[^`]*`/g, together));
  }

  /** A list without headings: short states in columns, with notes. */
  states(rows: readonly StateRow[]): void {
    const safe = rows.map(({ columns, note }) => ({ columns: columns.map(clean), note: clean(note) }));
    for (const line of stateLines(safe, this.width)) this.line(line);
  }

  table<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): void {
    const { lines, leftOut } = fitTable(rows, columns, this.width);
    for (const line of lines) this.line(line);
    if (leftOut.length > 0) this.sentence('', `columns left out: ${leftOut.join(', ')}; --verbose shows all`, 'quiet');
  }
}
