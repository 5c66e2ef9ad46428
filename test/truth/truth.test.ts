import { expect } from 'chai';
import { runSequence } from './sequence.js';
import { Trace } from './trace.js';

/** One seed for everybody, so that a change is judged by what it changes; `npm run soak` draws others. */
const SEED = 20_251_125;
const STEPS = 300;
const TIMEOUT_MS = 10 * 60_000;

describe('whatever is said, real dials agree with', function () {
  this.timeout(TIMEOUT_MS);

  const seed = Number(process.env.TRUTH_SEED || SEED);

  it(`over ${STEPS} random steps of seed ${seed}`, async () => {
    const trace = new Trace();
    const report = await runSequence({
      seed,
      steps: STEPS,
      only: null,
      past: null,
      onStep: (step) => trace.add(step),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    expect(report.contradiction, trace.describe(seed, report, null)).to.equal(null);
    expect(report.steps).to.equal(STEPS);
    process.stdout.write(`${[...trace.counts].map(([action, count]) => `${action} ${count}`).join(', ')}\n`);
  });
});
