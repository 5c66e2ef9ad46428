import { writeFileSync } from 'node:fs';
import Mocha from 'mocha';

const SETTLE_MS = 3_000;

const STACK_LINES = 12;

/** Mocha's own output; counts and failures go into the file that MOCHA_COUNTS_FILE names. */
export default class CountingReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    const failed: string[] = [];
    runner.on(Mocha.Runner.constants.EVENT_TEST_FAIL, (test, error: Error) => {
      const shown = (error.stack ?? error.message).split('\n').slice(0, STACK_LINES);
      failed.push([test.fullTitle(), ...shown.map((line) => `    ${line}`)].join('\n'));
    });
    runner.once(Mocha.Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures, pending } = this.stats;
      const file = process.env.MOCHA_COUNTS_FILE;
      if (file !== undefined)
        writeFileSync(file, JSON.stringify({ passed: passes, failed: failures, skipped: pending, failures: failed }));
      // A failed test may have left handles open, so the process exits; a passed run has to end by itself.
      if (failures > 0) setTimeout(() => process.exit(1), SETTLE_MS).unref();
    });
  }
}
