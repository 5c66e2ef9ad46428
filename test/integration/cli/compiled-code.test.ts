import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { network, page } from '#test/integration/cli/answers.js';
import { type Finished, finished, words } from '#test/integration/cli/gstacks.js';
import { stage } from '#test/integration/cli/setup.js';
import { CLONE } from '#test/support/clone.js';

/** What `gstacks` is made of in a package, without the programs that it starts. */
const FILES = [
  ...['bin/gstacks', 'package.json', 'oclif.manifest.json'],
  ...['gstacks.js', 'package.json', 'bundles/gstacks.cjs', 'bundles/gstacks.cjs.map'].map(
    (name) => `dist/programs/${name}`,
  ),
];

/** Commands use a copy of the programs: other tests save compiled code in those of the clone at the same time. */
describe('cli: the compiled code of a command', function () {
  this.timeout(60_000);
  const at = stage();
  let folder: string;
  let compiled: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gstacks-compiled-'));
    compiled = join(folder, 'dist/programs/compiled');
    for (const name of FILES) cpSync(join(CLONE, name), join(folder, name));
    symlinkSync(join(CLONE, 'dist/programs/node'), join(folder, 'dist/programs/node'));
    at().server.on('GET /v1/networks', { json: { ...page(network), unknown: [] } });
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function gstacks(line: string, env: Readonly<Record<string, string>> = {}): Promise<Finished> {
    const options = { env: { ...at().gstacks.environment, ...at().env, ...env } };
    return finished(spawn(join(folder, 'bin/gstacks'), words(line), { ...options, stdio: 'pipe' }));
  }

  /** The file of each kind of run with its inode: a file that is written again gets another one. */
  function saved(): Readonly<Record<string, number>> {
    const files = readdirSync(compiled).map((name) => [name.split('-').slice(1, -2).join('-'), name] as const);
    return Object.fromEntries(files.map(([kind, name]) => [kind, statSync(join(compiled, name)).ino]));
  }

  const rows = [
    { line: 'network list', kind: 'network-list' },
    { line: 'network list --json', kind: 'network-list' },
    { line: 'mesh status', kind: 'mesh-status' },
    { line: '--help', kind: 'help' },
    { line: 'network policy allow --help', kind: 'help' },
    { line: '--version', kind: 'version' },
    { line: '__complete -- network status ', kind: 'complete' },
  ];
  for (const { line, kind } of rows) {
    it(`of \`gstacks ${line}\` is saved once, and taken by the next process`, async () => {
      const first = await gstacks(line);
      expect([first.exitCode, first.stderr]).to.deep.equal([0, '']);
      const files = saved();
      expect(Object.keys(files)).to.deep.equal([kind]);
      expect(await gstacks(line)).to.deep.equal(first);
      expect(saved()).to.deep.equal(files);
    });
  }

  it('is not saved by a command that failed, which still takes that of one that did not', async () => {
    await gstacks('network list');
    const files = saved();
    const refused = await gstacks('network list', { GLOBALSTACKS_URL: 'http://127.0.0.1:9' });
    expect(refused.exitCode).to.not.equal(0);
    expect((await gstacks('network frobnicate')).exitCode).to.not.equal(0);
    expect(saved()).to.deep.equal(files);
  });

  it('is saved whole by several commands at once', async () => {
    const all = await Promise.all(Array.from({ length: 4 }, () => gstacks('network list')));
    const [first] = all;
    for (const each of all) expect(each).to.deep.equal(first);
    const files = saved();
    expect(await gstacks('network list')).to.deep.equal(first);
    expect(saved()).to.deep.equal(files);
  });

  it('is not missed where it cannot be saved', async () => {
    writeFileSync(compiled, 'no folder');
    const { exitCode, stdout, stderr } = await gstacks('network list');
    expect([exitCode, stderr]).to.deep.equal([0, '']);
    expect(stdout).to.contain('dev');
  });

  it('of a command that reads is small, and so is the part of Node that it loads: both grow only on purpose', async () => {
    const tell = 'process.on("exit", () => process._rawDebug("loaded:", process.moduleLoadList.length))';
    const { stderr } = await gstacks('network list', {
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(tell)}`,
    });
    const [, modules = '0'] = /loaded: (\d+)/.exec(stderr) ?? [];
    const [name = ''] = readdirSync(compiled);
    // Each 100 kB takes 1 ms of CPU to load, and their functions more to run.
    expect(statSync(join(compiled, name)).size).to.be.within(100_000, 620_000);
    expect(Number(modules)).to.be.within(1, 190);
  });
});
