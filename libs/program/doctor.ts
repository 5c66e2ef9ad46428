import { type CheckOutcome, unknown } from '#libs/contracts/bus/checks.js';
import { CodedError } from '#libs/contracts/errors.js';

export type Finding = CheckOutcome<string>;

/** One thing that a doctor looks at. It rejects when it could not find out. */
export interface Examination {
  readonly code: string;
  readonly look: () => Promise<Finding>;
}

/** Looks at everything at once. What could not be found out is `unknown`, with the reason. */
export function examine(examinations: readonly Examination[]): Promise<readonly Finding[]> {
  return Promise.all(
    examinations.map(({ code, look }) =>
      look().catch((error: unknown) =>
        unknown(code, reasonOf(error), error instanceof CodedError ? error.remedy : null),
      ),
    ),
  );
}

/** Each finding with its evidence, and a remedy where there is one. */
export function findingsText(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ code }) => code.length));
  const lines = findings.map(({ code, status, evidence, remedy }) => {
    const advice = remedy === null ? '' : `${' '.repeat(width + 11)}try: ${remedy}\n`;
    return `${code.padEnd(width)}  ${status.padEnd(7)}  ${evidence}\n${advice}`;
  });
  const failed = findings.filter(({ status }) => status === 'fail' || status === 'unknown');
  const sum = failed.length === 0 ? 'no check failed' : `did not pass: ${failed.map(({ code }) => code).join(', ')}`;
  return `${lines.join('')}\n${sum}\n`;
}

/** 0 when everything passed or was skipped, 1 when something failed, 5 when something is not known. */
export function exitCodeOfFindings(findings: readonly Finding[]): number {
  if (findings.some(({ status }) => status === 'fail')) return 1;
  return findings.some(({ status }) => status === 'unknown') ? 5 : 0;
}

/** An error's own words, with those of its cause. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ');
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
