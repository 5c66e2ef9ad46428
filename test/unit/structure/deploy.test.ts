import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { CLONE } from '#test/support/clone.js';

const read = (path: string): string => readFileSync(join(CLONE, path), 'utf8');

describe('deploy/', () => {
  it('has every file that the Debian package is made of', () => {
    const sources = [...read('deploy/nfpm.yaml').matchAll(/(?:src|postinstall): (deploy\/[^\s,]+|docs\/[^\s,]+)/g)];
    const missing = sources.flatMap(([, path = '']) => (existsSync(join(CLONE, path)) ? [] : [path]));
    expect(sources.length).to.be.greaterThan(4);
    expect(missing).to.deep.equal([]);
  });

  const units = readdirSync(join(CLONE, 'deploy/systemd')).map((name) => `deploy/systemd/${name}`);
  for (const path of ['deploy/compose.yaml', ...units, 'docs/deploy.md']) {
    it(`uses in ${path} no setting that docs/settings.md does not list`, () => {
      const listed = read('docs/settings.md');
      const used = new Set([...read(path).matchAll(/\bGLOBALSTACKS_[A-Z_]+/g)].map(([name]) => name));
      expect([...used].filter((name) => !listed.includes(`\`${name}`))).to.deep.equal([]);
    });
  }
});
