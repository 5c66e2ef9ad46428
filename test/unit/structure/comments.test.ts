import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { CLONE } from '#test/support/clone.js';

/** The formatter breaks lines of code at this width, but never lines of comments. */
const WIDEST = 120;
const COMMENT = /^\s*(\/\/|\/?\*)/;

describe('comments', () => {
  it(`are at most ${WIDEST} columns wide`, () => {
    const files = ['apps', 'libs', 'test', 'bench', 'migrations', 'scripts'].flatMap((folder) =>
      readdirSync(join(CLONE, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => /\.(ts|tsx|mjs)$/.test(name) && !name.startsWith('api-client/'))
        .map((name) => join(folder, name)),
    );
    const wide = files.flatMap((file) =>
      readFileSync(join(CLONE, file), 'utf8')
        .split('\n')
        .flatMap((line, index) => (COMMENT.test(line) && line.length > WIDEST ? [`${file}:${index + 1}`] : [])),
    );
    expect(wide).to.deep.equal([]);
  });
});
