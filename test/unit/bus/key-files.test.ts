import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type KeyFile, KeyFiles, KeyFolderUnusableError } from '#libs/bus/key-files.js';

const KEY: KeyFile<string> = { name: 'bus.seed', holds: 'a key', parse: (text) => `parsed ${text}` };

describe('a folder of keys', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gs-keys-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('has one key, for its owner alone, also of two processes that make it at the same moment', () => {
    const other = new KeyFiles(folder, '');
    const key = new KeyFiles(folder, '').readOrCreate(KEY, () => {
      // Between checking for the file and creating it.
      other.readOrCreate(KEY, () => 'theirs');
      return 'ours';
    });
    expect(key).to.equal('parsed theirs');
    expect(readFileSync(join(folder, KEY.name), 'utf8')).to.equal('theirs\n');
    expect(statSync(join(folder, KEY.name)).mode & 0o777).to.equal(0o600);
    expect(readdirSync(folder), 'nothing else is left').to.deep.equal([KEY.name]);
  });

  it('is named where it cannot be made, with what to do', () => {
    writeFileSync(join(folder, 'file'), '');
    const inAFile = join(folder, 'file', 'keys');
    expect(() => new KeyFiles(inAFile, ''))
      .to.throw(KeyFolderUnusableError, `${inAFile} cannot hold keys: ENOTDIR`)
      .that.includes({ code: 'KEY_FOLDER_UNUSABLE' })
      .and.has.property('remedy')
      .that.includes(`uid ${process.getuid?.()}`);
  });
});
