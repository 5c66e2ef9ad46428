import { once, setMaxListeners } from 'node:events';
import { CHECKS_WITHIN_MS, type Check, type CheckCode, unknown } from '#libs/contracts/bus/checks.js';

/** Attempts are aborted this long before the end, so that their check can still report the result. */
const TELLING_MS = 300;
/** Each attempted source and each program waits for the deadline. */
const MOST_WAITING = 64;

/** Runs checks concurrently and within their time; results are in the order of the codes. */
export function checksInTime(
  codes: readonly CheckCode[],
  run: (code: CheckCode, signal: AbortSignal) => Promise<Check>,
): Promise<readonly Check[]> {
  const signal = AbortSignal.timeout(CHECKS_WITHIN_MS - TELLING_MS);
  setMaxListeners(MOST_WAITING, signal);
  const late = once(AbortSignal.timeout(CHECKS_WITHIN_MS), 'abort');
  return Promise.all(codes.map((code) => inTime(code, late, () => run(code, signal))));
}

/** A check that takes too long or throws is `unknown`; the others are still reported. */
function inTime(code: CheckCode, late: Promise<unknown>, run: () => Promise<Check>): Promise<Check> {
  const tooLate = () => unknown(code, `the check did not finish within ${CHECKS_WITHIN_MS} ms`, 'test again');
  const failed = (error: unknown) =>
    unknown(
      code,
      `the check failed to run: ${error instanceof Error ? error.message : String(error)}`,
      "read the agent's log",
    );
  return Promise.race([run().catch(failed), late.then(tooLate)]);
}
