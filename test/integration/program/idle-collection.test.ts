import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { CLONE } from '#test/support/clone.js';

const WITHIN_MS = 11_000;

/**
 * A burst of work that leaves scattered live objects, then nothing. Prints the resident memory before, at most and at
 * last, in bytes.
 */
const BURST = `
const { collectWhenIdle } = await import('${pathToFileURL(join(CLONE, 'dist/libs/program/idle-collection.js')).href}');
collectWhenIdle();
const before = process.memoryUsage.rss();
let made = Array.from({ length: 400_000 }, (_, n) => ({ n, text: 'x' + n, numbers: [n, n + 1] }));
const kept = made.filter(({ n }) => n % 50 === 0);
made = null;
const began = performance.now();
const most = process.memoryUsage.rss();
setInterval(() => {
  const last = process.memoryUsage.rss();
  if (last > before + (most - before) / 4 && performance.now() - began < ${WITHIN_MS}) return;
  process.stdout.write(JSON.stringify({ before, most, last, kept: kept.length }));
  process.exit();
}, 500);
`;

describe('a process that has nothing to do after a burst of work', function () {
  this.timeout(2 * WITHIN_MS);

  it('gives the memory back', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', BURST]);
    const { before, most, last } = JSON.parse(stdout);
    expect(last).to.be.below(before + (most - before) / 4);
  });
});
