import { expect } from 'chai';
import { runSequence } from './sequence.js';
import { Trace } from './trace.js';

/** Everybody uses the same seeds, so that a change is judged by its effect; `npm run soak` draws others. */
const FIRST_SEED = Number(process.env.TRUTH_SEED || 20_251_125);
/** Concurrently, each with its own stack: a sequence spends most of its time waiting. */
const SEQUENCES = 2;
const STEPS = 110;
const TIMEOUT_MS = 10 * 60_000;

describe('whatever is said, real dials agree with', function () {
  this.timeout(TIMEOUT_MS);

  const seeds = Array.from({ length: SEQUENCES }, (_, index) => FIRST_SEED + index);

  it(`over ${STEPS} random steps of each of the seeds ${seeds.join(', ')}`, async () => {
    const ending = new AbortController();
    const signal = AbortSignal.any([ending.signal, AbortSignal.timeout(TIMEOUT_MS)]);
    const counts = new Map<string, number>();
    // If one fails, the others still end first, so that they leave nothing behind.
    const ended = await Promise.allSettled(
      seeds.map(async (seed) => {
        const trace = new Trace();
        const report = await runSequence({
          seed,
          steps: STEPS,
          aliases: 0,
          only: null,
          past: null,
          keep: process.env.TRUTH_KEEP || null,
          onStep(step) {
            trace.add(step);
            counts.set(step.action, (counts.get(step.action) ?? 0) + 1);
          },
          signal,
        }).catch((error: unknown) => {
          ending.abort();
          throw error;
        });
        if (report.contradiction === null) return null;
        ending.abort();
        return trace.describe(seed, report, { only: null, aliases: 0 });
      }),
    );
    const found = ended.flatMap((sequence) => {
      if (sequence.status === 'rejected') return [String(sequence.reason)];
      return sequence.value === null ? [] : [sequence.value];
    });
    expect(found.join('\n')).to.equal('');
    expect(signal.aborted, 'every sequence came to its end').to.equal(false);
    process.stdout.write(`    ${[...counts].map(([action, count]) => `${action} ${count}`).join(', ')}\n`);
  });
});
