import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect } from 'chai';
import { CLONE } from '#test/support/clone.js';

interface Step {
  readonly file: string;
  /** The preceding step, unless the path continues from an earlier one. */
  readonly from: string | null;
}

interface Path {
  readonly title: string;
  readonly most: number;
  readonly steps: readonly Step[];
}

const STEP = /^\d+\. `([^`]+)`(?:\s+\(from\s+`([^`]+)`\))?: \S/gm;

function pathsOf(page: string): readonly Path[] {
  return page
    .split(/^## /m)
    .slice(1)
    .map((section) => ({
      title: section.split('\n')[0] ?? '',
      most: Number(/^At most (\d+) files\.$/m.exec(section)?.[1]),
      steps: [...section.matchAll(STEP)].map(([, file = '', from]) => ({ file, from: from ?? null })),
    }));
}

/** Files of the clone that this one imports. */
function importsOf(file: string): readonly string[] {
  const text = readFileSync(join(CLONE, file), 'utf8');
  return [...text.matchAll(/from '([^']+)\.js'/g)].map(([, name = '']) =>
    name.startsWith('#') ? `${name.slice(1)}.ts` : `${normalize(join(dirname(file), name))}.ts`,
  );
}

describe('docs/paths.md', () => {
  const paths = pathsOf(readFileSync(join(CLONE, 'docs/paths.md'), 'utf8'));

  it('has five paths, and each keeps to its bound', () => {
    expect(paths.map(({ most }) => most)).to.deep.equal([8, 9, 10, 12, 8]);
    for (const { title, most, steps } of paths) expect(steps.length, title).to.be.within(5, most);
  });

  it('is led to by the page on architecture', () => {
    expect(readFileSync(join(CLONE, 'docs/architecture.md'), 'utf8')).to.include('(paths.md)');
  });

  for (const { title, steps } of paths) {
    for (const [index, { file, from }] of steps.entries()) {
      const earlier = steps.slice(0, index).map((step) => step.file);
      const before = from ?? earlier.at(-1);
      it(`${title}: ${file}${before === undefined ? '' : ` follows ${before}`}`, () => {
        expect(existsSync(join(CLONE, file)), 'it is there').to.equal(true);
        if (before === undefined) return;
        expect(earlier, 'it goes on from a file of the path').to.include(before);
        const isLinked = importsOf(before).includes(file) || importsOf(file).includes(before);
        expect(isLinked, 'one imports the other').to.equal(true);
      });
    }
  }

  it('numbers no line that this test does not read', () => {
    const numbered = readFileSync(join(CLONE, 'docs/paths.md'), 'utf8').match(/^\d+\. /gm) ?? [];
    expect(paths.flatMap(({ steps }) => steps)).to.have.length(numbered.length);
  });
});
