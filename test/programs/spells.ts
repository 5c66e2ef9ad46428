import { createInterface } from 'node:readline';

/**
 * A program that works in spells: it goes on at a line `go` on standard input and stops at `halt`, which it answers
 * with one JSON line of what it did since.
 */
export function inSpells(work: { readonly go: () => void; readonly halt: () => unknown }): void {
  createInterface({ input: process.stdin })
    .on('line', (line) => {
      if (line === 'go') work.go();
      else process.stdout.write(`${JSON.stringify(work.halt())}\n`);
    })
    .once('close', () => process.exit(0));
}
