import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { CLONE } from '#test/support/clone.js';

const WITHIN_MS = 15_000;

/** A burst of work whose garbage V8 leaves where it is, then nothing. Prints how much of the heap was in use at most and at last. */
const BURST = `
const { collectWhenIdle } = await import('${pathToFileURL(join(CLONE, 'dist/libs/program/idle-collection.js')).href}');
collectWhenIdle();
const kept = [];
for (let round = 0; round < 40; round += 1) {
  kept.push(Array.from({ length: 20_000 }, (_, n) => ({ n, text: 'x' + n })));
  if (kept.length > 10) kept.shift();
}
kept.length = 0;
const began = performance.now();
const most = process.memoryUsage().heapUsed;
setInterval(() => {
  const last = process.memoryUsage().heapUsed;
  if (last > most / 2 && performance.now() - began < ${WITHIN_MS}) return;
  process.stdout.write(JSON.stringify({ most, last }));
  process.exit();
}, 500);
`;

describe('a process that has nothing to do after a burst of work', function () {
  this.timeout(2 * WITHIN_MS);

  it('gives the memory back', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', BURST]);
    const { most, last } = JSON.parse(stdout);
    expect(last).to.be.below(most / 2);
  });
});
