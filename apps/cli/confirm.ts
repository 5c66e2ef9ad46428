import { createInterface } from 'node:readline/promises';
import { UsageError } from './errors/errors.js';

/**
 * Asks at the terminal; true for y or yes. Without a terminal: throws UsageError with the command that does not ask.
 */
export async function confirmed(question: string, mayAsk: boolean, unasked: UsageError): Promise<boolean> {
  if (!process.stdin.isTTY || !mayAsk) throw unasked;
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await asking.question(`${question} [y/N] `)).trim());
  } finally {
    asking.close();
  }
}
