/** One line of the report: this run's rates, ours and the other program's, and the required ratio. */
export interface BenchRow {
  readonly work: string;
  readonly budget: string;
  readonly measured: string;
  readonly peer: string;
  /** Missing: the work has no budget, or none that this row decides. */
  readonly met?: boolean;
}

interface Line {
  readonly work: string;
  readonly budget: string;
  readonly measured: string;
  readonly peer: string;
  readonly met: string;
}

/** Rows under their headings, each column as wide as its widest cell. */
export function table(rows: readonly BenchRow[]): string {
  const heading: Line = { work: 'work', budget: 'budget', measured: 'measured', peer: 'peer', met: 'met' };
  const columns = ['work', 'budget', 'measured', 'peer', 'met'] as const;
  const lines = [heading, ...rows.map((row) => ({ ...row, met: wordFor(row.met) }))].map((row) =>
    columns.map((column) => row[column]),
  );
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => line[index]?.length ?? 0)));
  const rule = widths.map((width) => '-'.repeat(width));
  const [first = [], ...rest] = lines;
  return [first, rule, ...rest]
    .map((line) =>
      line
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function wordFor(met: boolean | undefined): string {
  if (met === undefined) return '-';
  return met ? 'yes' : 'NO';
}

/** The smallest value that this share of all is not larger than. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(values.length * share) - 1)] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
