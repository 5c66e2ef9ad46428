import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { makeFolders } from '#libs/program/folder-owner.js';
import { CLONE } from '#test/support/clone.js';

const ENDS_WITHIN_MS = 20_000;

describe('a folder and those above it', function () {
  this.timeout(30_000);
  const folder = mkdtempSync(join(tmpdir(), 'gs-folders-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('are made with the mode that is asked for, also beside ones that are there', () => {
    mkdirSync(join(folder, 'there'));
    makeFolders(join(folder, 'there', 'a', 'b'), 0o700);
    makeFolders(join(folder, 'there', 'a', 'b'), 0o700);
    for (const made of ['there/a', 'there/a/b']) expect(statSync(join(folder, made)).mode & 0o777).to.equal(0o700);
  });

  it('are not made below a file, which stays', () => {
    writeFileSync(join(folder, 'file'), 'kept');
    expect(() => makeFolders(join(folder, 'file', 'a'), 0o700)).to.throw(/ENOTDIR/);
    expect(readFileSync(join(folder, 'file'), 'utf8')).to.equal('kept');
  });

  it('that the kernel lets nobody make are refused soon', () => {
    const rows = [
      ['/proc/nowhere', 'ENOENT'],
      ['/proc/nowhere/deeper', 'ENOENT'],
      ['/proc/self/nowhere', 'ENOENT'],
      ['/dev/null/nowhere', 'ENOTDIR'],
    ] as const;
    // A process of its own: one that never ends would take the tests along.
    const script = `
      import { makeFolder, makeFolders } from ${JSON.stringify(join(CLONE, 'dist/libs/program/folder-owner.js'))};
      const codeOf = (make) => { try { make(); return null; } catch (error) { return error.code; } };
      const places = ${JSON.stringify(rows.map(([place]) => place))};
      console.log(JSON.stringify(places.map((at) => [codeOf(() => makeFolder(at)), codeOf(() => makeFolders(at, 0o700))])));
    `;
    const found = execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
      timeout: ENDS_WITHIN_MS,
    });
    expect(JSON.parse(found.toString())).to.deep.equal(rows.map(([, code]) => [code, code]));
  });
});
