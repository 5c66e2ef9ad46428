import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { CLONE } from '#test/support/clone.js';

/** `libs/policy/model.ts`; for a file that a change adds (`libs/policy/<delta>.ts`), its folder. */
const PATH = /`((?:apps|libs|test|docs)\/[^`\s]*)`/g;

function isThere(path: string): boolean {
  const found = readdirSync(join(CLONE, dirname(path))).map((name) => `${dirname(path)}/${name}`);
  return found.includes(path);
}

describe('docs/changes.md', () => {
  const page = readFileSync(join(CLONE, 'docs/changes.md'), 'utf8');
  const named = [...new Set([...page.matchAll(PATH)].map(([, path]) => path ?? ''))];

  for (const [from, link] of [
    ['docs/architecture.md', '(changes.md)'],
    ['README.md', '(docs/changes.md)'],
  ] as const) {
    it(`is linked from ${from}`, () => expect(readFileSync(join(CLONE, from), 'utf8')).to.include(link));
  }

  for (const path of named) {
    const [folder, added] = path.split(/\/(?=[^/]*<)/);
    const expected = added === undefined ? path : folder;
    it(`names ${path}, which is there or has a place`, () => expect(isThere(expected ?? path)).to.equal(true));
  }
});
