import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { CLONE } from '#test/support/clone.js';

interface Ended {
  readonly code: number | string | null | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

function setUp(...args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [join(CLONE, 'scripts/setup.mjs'), ...args], (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : error.code, stdout, stderr }),
    );
  });
}

describe('what npm start does before the stack', function () {
  this.timeout(60_000);
  let other: ChildProcess | null = null;
  let mark = '';

  afterEach(() => {
    other?.kill();
    if (mark !== '') rmSync(mark, { force: true });
  });

  it('says what it takes without building anything', async () => {
    for (const help of ['--help', '-h']) {
      const { code, stdout, stderr } = await setUp('start', help);
      expect([code, stderr]).to.deep.equal([0, '']);
      expect(stdout).to.contain('usage: npm start -- [--home DIR]').and.contain('--sandboxes');
    }
  });

  it('builds nothing under another start of the clone, and says so', async () => {
    other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', 'scripts/setup.mjs']);
    mkdirSync(join(CLONE, '.cache/starts'), { recursive: true });
    mark = join(CLONE, '.cache/starts', String(other.pid));
    writeFileSync(mark, '');
    const { code, stderr } = await setUp('start', '--nonsense');
    expect(code).to.equal(2);
    expect(stderr).to.contain(`not built: \`npm start\` of this clone runs already (pid ${other.pid})`);
    expect(stderr).to.not.contain('build ...');
  });
});
