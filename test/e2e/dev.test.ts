import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { CLONE } from '#test/support/clone.js';
import { freePort } from '#test/support/ports.js';
import { makeProgramsCurrent } from '#test/support/programs.js';
import { type Running, ran, run, succeeded } from '#test/support/stack.js';
import { waitFor } from '#test/support/wait.js';

const PATTERN = /^([\w-]+)\.pid$/;
const LEFT_OUT = new Set(['node_modules', '.git', '.cache', '.gstacks']);

/** A copy of the clone is changed. It is on the clone's own file system, so that its packages can be linked. */
describe('npm run dev', function () {
  this.timeout(300_000);
  const cache = join(CLONE, '.cache');
  const clone = mkdtempSync(join(cache, 'dev-'));
  const home = mkdtempSync(join(tmpdir(), 'gs-dev-'));
  let dev: Running;

  const pids = (): ReadonlyMap<string, string> =>
    new Map(
      readdirSync(join(home, 'run')).flatMap((file) => {
        const [, name] = PATTERN.exec(file) ?? [];
        return name === undefined ? [] : [[name, readFileSync(join(home, 'run', file), 'utf8')]];
      }),
    );
  const withOutput = (error: unknown): never => {
    throw new Error(`${error}\n${dev.stdout()}${dev.stderr()}`);
  };

  before(async () => {
    makeProgramsCurrent();
    const sources = readdirSync(CLONE).filter((entry) => !LEFT_OUT.has(entry));
    const built = readdirSync(cache).filter((entry) => !entry.startsWith('dev-'));
    mkdirSync(join(clone, '.cache'));
    // With the times to the nanosecond: the bundler takes a source with another time for a changed one.
    succeeded(await ran('cp', ['-a', ...sources.map((entry) => join(CLONE, entry)), clone]));
    succeeded(await ran('cp', ['-a', ...built.map((entry) => join(cache, entry)), join(clone, '.cache')]));
    succeeded(await ran('cp', ['-al', join(CLONE, 'node_modules'), clone]));
    // Postgres runs as a user of its own, who has to pass.
    for (const folder of [clone, home]) chmodSync(folder, 0o755);
    const options = ['--home', home, '--port', String(await freePort())];
    dev = run(process.execPath, [join(clone, 'scripts/dev.mjs'), ...options]);
    const isReady = () => /^ready$/m.test(dev.stdout()) && dev.stdout().includes('dev: watching');
    await waitFor('the stack is ready, and tsc watches', isReady, 200_000).catch(withOutput);
  });

  after(async () => {
    dev?.child.kill('SIGTERM');
    await dev?.ended;
    for (const folder of [clone, home]) rmSync(folder, { recursive: true, force: true });
  });

  it('starts again the process whose source changed, and no other', async () => {
    const file = join(clone, 'apps/control-plane/main.ts');
    const before = pids();
    const text = readFileSync(file, 'utf8');
    expect(text).to.include("'control plane is stopping'");
    writeFileSync(file, text.replace("'control plane is stopping'", "'control plane is being stopped'"));
    await waitFor(
      'the control plane runs again',
      () => {
        const pid = pids().get('control-plane');
        return pid !== undefined && pid !== before.get('control-plane');
      },
      120_000,
    ).catch(withOutput);
    const changed = [...pids()].filter(([name, pid]) => before.get(name) !== pid).map(([name]) => name);
    expect(changed).to.deep.equal(['control-plane']);
    expect(before.size).to.be.greaterThan(4);
  });
});
