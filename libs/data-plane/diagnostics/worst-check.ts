import type { Check, CheckCode, CheckStatus } from '#libs/contracts/bus/checks.js';

/** What a message carries of an evidence or a remedy. */
const MOST_CHARACTERS = 1_000;

export function pass(code: CheckCode, evidence: string): Check {
  return check(code, 'pass', evidence, null);
}

export function fail(code: CheckCode, evidence: string, remedy: string | null): Check {
  return check(code, 'fail', evidence, remedy);
}

/** It could not be found out, although it should have been. */
export function unknown(code: CheckCode, evidence: string, remedy: string | null): Check {
  return check(code, 'unknown', evidence, remedy);
}

/** It does not apply here, or nothing here can tell; a test does not depend on it. */
export function skipped(code: CheckCode, evidence: string, remedy: string | null = null): Check {
  return check(code, 'skipped', evidence, remedy);
}

/** Of several sources' checks, the one that speaks for all; there is at least one. */
export function worst(checks: readonly Check[]): Check {
  const [found] = [...checks].sort(
    (one, other) => SPEAKS_FIRST.indexOf(one.status) - SPEAKS_FIRST.indexOf(other.status),
  );
  if (found === undefined) throw new TypeError('there is no check');
  return found;
}

const SPEAKS_FIRST: readonly CheckStatus[] = ['fail', 'unknown', 'pass', 'skipped'];

function check(code: CheckCode, status: CheckStatus, evidence: string, remedy: string | null): Check {
  return { code, status, evidence: bounded(evidence), remedy: remedy === null ? null : bounded(remedy) };
}

function bounded(text: string): string {
  return text.slice(0, MOST_CHARACTERS).toWellFormed();
}
