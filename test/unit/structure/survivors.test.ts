import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { CLONE } from '#test/support/clone.js';

const read = (path: string) => readFileSync(join(CLONE, path), 'utf8');

describe('the list of breaks that no unit test sees', () => {
  const rows = read('test/mutation/survivors.tsv')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t'));
  const reasons = [...read('docs/mutation.md').matchAll(/^\| `([a-z-]+)`/gm)].map(([, reason]) => reason);

  it('gives each a reason that is explained', () => {
    expect(rows.filter(([reason]) => !reasons.includes(reason))).to.deep.equal([]);
    expect(reasons.filter((reason) => !rows.some(([one]) => one === reason))).to.deep.equal([]);
  });

  it('names each by a source that is there, and what is broken in it', () => {
    expect(rows.filter((row) => row.length !== 6 || !existsSync(join(CLONE, row[1] ?? '-')))).to.deep.equal([]);
  });
});
