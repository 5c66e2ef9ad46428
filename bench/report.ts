/** One line of the report: this run's rates, ours and the other program's, and the required ratio. */
export interface BenchRow {
  readonly work: string;
  readonly budget: string;
  readonly measured: string;
  readonly peer: string;
}

/** Rows under their headings, each column as wide as its widest cell. */
export function table(rows: readonly BenchRow[]): string {
  const heading: BenchRow = { work: 'work', budget: 'budget', measured: 'measured', peer: 'peer' };
  const columns = ['work', 'budget', 'measured', 'peer'] as const;
  const lines = [heading, ...rows].map((row) => columns.map((column) => row[column]));
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

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
