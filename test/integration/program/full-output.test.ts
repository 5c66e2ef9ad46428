import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { faultOfLogLine } from '#test/support/log-lines.js';
import { SmallDisk } from '#test/support/small-disk.js';
import { waitFor } from '#test/support/wait.js';

const PADDING = 'x'.repeat(2_000);
const WRITER = fileURLToPath(new URL('../../programs/log-writer.js', import.meta.url));

describe('a process whose output goes to a pipe that nobody reads', () => {
  it('goes on, and writes every line of that time once somebody reads', async () => {
    const child = spawn(process.execPath, [WRITER, PADDING], { stdio: ['ignore', 'pipe', 'pipe'] });
    try {
      let come = 0;
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        come = Number(text.trim().split('\n').at(-1));
      });
      // More than the kernel buffers for a reader.
      await waitFor('it has come further than the pipe holds', () => come * PADDING.length > 400_000);
      const until = come;
      let text = '';
      child.stdout.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
      });
      const lines = () => text.split('\n').slice(0, -1);
      await waitFor('it has caught up', () => lines().length > until);
      const numbers = lines().map((line) => JSON.parse(line).line);
      expect(numbers).to.deep.equal(numbers.map((_, index) => index + 1));
    } finally {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
  });
});

describe('a process whose output goes to a file', () => {
  let folder: string;
  let disk: SmallDisk;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gs-output-'));
    disk = new SmallDisk(join(folder, 'disk'), 64);
  });

  afterEach(() => {
    disk.unmount();
    rmSync(folder, { recursive: true, force: true });
  });

  it('outlives a full disk, and writes every line of that time once there is room', async () => {
    const file = join(disk.folder, 'output');
    const output = openSync(file, 'a');
    const child = spawn(process.execPath, [WRITER], { stdio: ['ignore', output, 'pipe'] });
    closeSync(output);
    try {
      let come = 0;
      child.stderr?.setEncoding('utf8').on('data', (text: string) => {
        come = Number(text.trim().split('\n').at(-1));
      });
      const lines = () => readFileSync(file, 'utf8').split('\n').slice(0, -1);
      await waitFor('it writes', () => lines().length > 3);
      disk.fill();
      const written = await waitFor('the file takes no more', () => come > lines().length + 50 && lines().length);
      disk.free();
      const until = come;
      await waitFor('it has caught up', () => lines().length > until);
      expect(written).to.be.lessThan(until);
      expect(child.exitCode).to.equal(null);
      expect(
        lines()
          .map(faultOfLogLine)
          .filter((fault) => fault !== null),
      ).to.deep.equal([]);
      const numbers = lines().map((line) => JSON.parse(line).line);
      expect(numbers).to.deep.equal(numbers.map((_, index) => index + 1));
    } finally {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
  });
});
