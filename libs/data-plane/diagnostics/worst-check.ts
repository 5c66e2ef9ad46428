import type { Check, CheckStatus } from '#libs/contracts/bus/checks.js';

/** The worst of several sources' checks; there is at least one. */
export function worst(checks: readonly Check[]): Check {
  const [found] = [...checks].sort(
    (one, other) => SPEAKS_FIRST.indexOf(one.status) - SPEAKS_FIRST.indexOf(other.status),
  );
  if (found === undefined) throw new TypeError('there is no check');
  return found;
}

const SPEAKS_FIRST: readonly CheckStatus[] = ['fail', 'unknown', 'pass', 'skipped'];
