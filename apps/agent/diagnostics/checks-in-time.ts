import { once, setMaxListeners } from 'node:events';
import { CHECKS_WITHIN_MS, type Check, type CheckCode, unknown } from '#libs/contracts/bus/checks.js';

/** What is tried is given up a little before the end, so that its check can still say what came of it. */
const TELLING_MS = 300;
/** Each source that is tried, and each program that is run, waits for the end of the time. */
const MOST_WAITING = 64;

/** Runs checks side by side and within their time; the answers are in the order of the codes. */
export function checksInTime(
  codes: readonly CheckCode[],
  run: (code: CheckCode, signal: AbortSignal) => Promise<Check>,
): Promise<readonly Check[]> {
  const signal = AbortSignal.timeout(CHECKS_WITHIN_MS - TELLING_MS);
  setMaxListeners(MOST_WAITING, signal);
  const late = once(AbortSignal.timeout(CHECKS_WITHIN_MS), 'abort');
  return Promise.all(codes.map((code) => inTime(code, late, () => run(code, signal))));
}

/** A check that takes too long, or breaks, is one whose outcome is not known; the others are answered all the same. */
function inTime(code: CheckCode, late: Promise<unknown>, run: () => Promise<Check>): Promise<Check> {
  const tooLate = () => unknown(code, `not found out within ${CHECKS_WITHIN_MS} ms`, 'test again');
  const failed = (error: unknown) =>
    unknown(code, `not found out: ${error instanceof Error ? error.message : String(error)}`, "read the agent's log");
  return Promise.race([run().catch(failed), late.then(tooLate)]);
}
