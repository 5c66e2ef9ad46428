import { createInterface } from 'node:readline';

/** What a program does in spells. */
export interface SpellWork {
  /** Goes on; with what stands behind `go`. */
  readonly go: (how: string) => void;
  /** Stops, and says what it did since it went on. */
  readonly halt: () => unknown;
}

/**
 * A program that works in spells: it goes on at a line `go` on standard input and stops at `halt`, which it answers
 * with one JSON line of what it did since.
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
