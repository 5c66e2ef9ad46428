import type { SequenceReport, SequenceSettings, Step } from './sequence.js';

const KEPT_STEPS = 15;

/** The last steps of a sequence, to understand a contradiction. */
export class Trace {
  readonly counts = new Map<string, number>();
  private readonly last: string[] = [];

  add({ step, action, text, said, tookMs }: Step): string {
    this.counts.set(action, (this.counts.get(action) ?? 0) + 1);
    const lines = [`step ${step}, ${tookMs} ms: ${text}`, ...said.map((line) => `    ${line}`)].join('\n');
    this.last.push(lines);
    if (this.last.length > KEPT_STEPS) this.last.shift();
    return lines;
  }

  /** Everything needed to reproduce it. */
  describe(
    seed: number,
    { steps, contradiction }: SequenceReport,
    { only, aliases }: Pick<SequenceSettings, 'only' | 'aliases'>,
  ): string {
    const further = `${aliases === 0 ? '' : ` --aliases ${aliases}`}${only === null ? '' : ` --only ${only.join(',')}`}`;
    const replay = `TRUTH_SEED=${seed} npm run soak -- --steps ${steps + 1}${further}`;
    return [`in step ${steps} of seed ${seed}: ${contradiction}`, ...this.last, `to see it again: ${replay}`].join(
      '\n',
    );
  }
}
