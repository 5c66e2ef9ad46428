import { clean } from './clean.js';
import { type Column, tableLines } from './table.js';

export type Tone = 'good' | 'bad' | 'quiet';

const CODES: Readonly<Record<Tone, number>> = { good: 32, bad: 31, quiet: 2 };

/** Where a command writes for people. Every line is cleaned here, after which only our own colour is added. */
export class Screen {
  constructor(
    private readonly write: (text: string) => void,
    private readonly hasColour: boolean,
  ) {}

  line(text: string, tone?: Tone): void {
    const safe = clean(text);
    const shown = tone === undefined || !this.hasColour ? safe : `\u001b[${CODES[tone]}m${safe}\u001b[0m`;
    this.write(`${shown}\n`);
  }

  table<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): void {
    for (const line of tableLines(rows, columns)) this.line(line);
  }
}
