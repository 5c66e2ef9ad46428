import { type CheckOutcome, fail, unknown } from '#libs/contracts/bus/checks.js';
import { CodedError } from '#libs/contracts/errors.js';

export type Finding = CheckOutcome<string>;

/** One check. It rejects if it cannot find out. */
export interface Examination {
  readonly code: string;
  readonly look: () => Promise<Finding>;
}

/**
 * The one finding when the settings, or the files that they name, cannot be used: then nothing else can be examined.
 * Throws what is not a CodedError.
 */
export function settingsFault(error: unknown): readonly Finding[] {
  if (!(error instanceof CodedError)) throw error;
  return [fail('SETTINGS', `${error.message} (${error.code})`, error.remedy)];
}

/** Runs all checks concurrently. One that cannot find out is `unknown`, with the reason. */
export function examine(examinations: readonly Examination[]): Promise<readonly Finding[]> {
  return Promise.all(
    examinations.map(({ code, look }) =>
      look().catch((error: unknown) =>
        unknown(code, reasonOf(error), error instanceof CodedError ? error.remedy : null),
      ),
    ),
  );
}

/** Each finding with its evidence, and its remedy if there is one. */
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

/** 0 if everything passed or was skipped, 1 if something failed, 5 if something is unknown. */
export function exitCodeOfFindings(findings: readonly Finding[]): number {
  if (findings.some(({ status }) => status === 'fail')) return 1;
  return findings.some(({ status }) => status === 'unknown') ? 5 : 0;
}

/** The message of an error and of its cause. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ');
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
