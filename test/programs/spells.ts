import { createInterface } from 'node:readline';

/** The work that a program starts and stops. */
export interface SpellWork {
  /** Starts or continues; with the arguments after `go`. */
  readonly go: (how: string) => void;
  /** Stops, and reports what it did since it started. */
  readonly halt: () => unknown;
}

/**
 * A program that works in periods: it starts at a line `go` on standard input and stops at `halt`, which it answers
 * with one JSON line about that period.
 */
export function inSpells({ go, halt }: SpellWork): void {
  createInterface({ input: process.stdin })
    .on('line', async (line) => {
      const [command, how = ''] = line.split(' ');
      if (command === 'go') go(how);
      else process.stdout.write(`${JSON.stringify(await halt())}\n`);
    })
    .once('close', () => process.exit(0));
}
