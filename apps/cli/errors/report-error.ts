import { clean, jsonText } from '../output/clean.js';
import { describeError, type FailedLine } from './describe-error.js';
import { WrittenNotProvenError } from './errors.js';
import { exitCodeOf } from './exit-codes.js';

export interface FailedCommand extends FailedLine {
  readonly isJson: boolean;
}

/** Prints the error once, as text or JSON, and sets the exit code. */
export function reportError(error: unknown, failed: FailedCommand): void {
  const described = describeError(error, failed);
  process.exitCode = exitCodeOf(error);
  if (failed.isJson) {
    const written = error instanceof WrittenNotProvenError ? { written: error.written } : {};
    process.stdout.write(`${jsonText({ error: described, ...written })}\n`);
  } else {
    process.stderr.write(`error: ${clean(described.message)} (${clean(described.code)})\n`);
    process.stderr.write(`  try: ${clean(described.remedy)}\n`);
  }
}
