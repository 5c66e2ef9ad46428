import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { CLONE } from '#test/support/clone.js';

const LIBRARY = join(CLONE, 'dist', 'libs', 'program');
const TEXT = 'const twice = (number) => 2 * number; process.stdout.write(String(twice(21)));';

describe('the compiled code of a program', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gs-bundle-'));
    mkdirSync(join(folder, 'bundles'));
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    bundle(TEXT, 'first');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function bundle(text: string, digest: string): void {
    const call = `(function (require, module, exports, importMeta) { 'use strict'; ${text} })`;
    writeFileSync(join(folder, 'bundles', 'program.cjs'), call);
    const starter = `import { runBundle } from ${JSON.stringify(join(LIBRARY, 'run-bundle.js'))};
      runBundle(import.meta.filename, '${digest}');`;
    writeFileSync(join(folder, 'program.js'), starter);
  }

  function run(args: readonly string[] = ['work']): string {
    return spawnSync(process.execPath, [join(folder, 'program.js'), ...args], { encoding: 'utf8' }).stdout;
  }

  /** Each file with its inode: a file that is written again gets another one. */
  function saved(): readonly string[] {
    const compiled = join(folder, 'compiled');
    if (!existsSync(compiled)) return [];
    return readdirSync(compiled).map((name) => `${name} ${statSync(join(compiled, name)).ino}`);
  }

  const rows = [
    { says: 'is saved once, and taken by the next process', text: TEXT },
    {
      says: 'is taken although idle programs ask V8 for collections',
      text: `require(${JSON.stringify(join(LIBRARY, 'idle-collection.js'))}).collectWhenIdle(); ${TEXT}`,
    },
  ];
  for (const { says, text } of rows) {
    it(says, () => {
      bundle(text, 'first');
      expect(run()).to.equal('42');
      const first = saved();
      expect(first).to.have.length(1);
      expect(run()).to.equal('42');
      expect(saved()).to.deep.equal(first);
    });
  }

  it('is not taken when it is damaged, and saved again', () => {
    run();
    const [name = ''] = readdirSync(join(folder, 'compiled'));
    const file = join(folder, 'compiled', name);
    const whole = readFileSync(file);
    // The first half stays, with all that V8 looks at; the rest is what a loss of power leaves.
    writeFileSync(file, Buffer.concat([whole.subarray(0, whole.length / 2), Buffer.alloc(whole.length / 2)]));
    const [damaged] = saved();
    expect(run()).to.equal('42');
    expect(saved()).to.have.length(1).and.not.include(damaged);
  });

  it('is not taken for another bundle of the same length', () => {
    expect(run()).to.equal('42');
    bundle(TEXT.replace('21', '35'), 'second');
    expect(run()).to.equal('70');
    expect(saved()).to.have.length(2);
  });

  const early = [
    { says: 'a command that failed', text: `${TEXT} process.exitCode = 1;`, args: ['work'] },
    { says: 'a command that was ended', text: `${TEXT} process.exit();`, args: ['work'] },
    { says: 'an option', text: TEXT, args: ['--help'] },
    { says: 'a server that was ended before it had served', text: TEXT, args: [] },
  ];
  for (const { says, text, args } of early) {
    it(`is not saved by ${says}`, () => {
      bundle(text, 'first');
      expect(run(args)).to.equal('42');
      expect(saved()).to.deep.equal([]);
    });
  }

  it('is saved by a server that goes on', () => {
    bundle(`${TEXT} setTimeout(() => process.exit(), 6_000);`, 'first');
    expect(run([])).to.equal('42');
    expect(saved()).to.have.length(1);
  });

  it('is kept for each command of a program', () => {
    run(['doctor']);
    run(['run']);
    expect(saved()).to.have.length(2);
  });
});
