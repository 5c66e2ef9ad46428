import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { STATE_FOLDER } from '#apps/agent/commands/places.js';
import { CLONE } from '#test/support/clone.js';

const read = (path: string): string => readFileSync(join(CLONE, path), 'utf8');

describe('deploy/', () => {
  const filesIn = (folder: string): readonly string[] =>
    readdirSync(join(CLONE, folder)).map((name) => `${folder}/${name}`);

  const packages = filesIn('deploy/debian').filter((path) => path.endsWith('.yaml'));
  for (const path of packages) {
    it(`has every file that ${path} names`, () => {
      const named = [...read(path).matchAll(/\w+: ((?:deploy|docs)\/[^\s,]+)/g)].map(([, file = '']) => file);
      expect(named.filter((file) => !existsSync(join(CLONE, file)))).to.deep.equal([]);
      expect(named).not.to.deep.equal([]);
    });
  }

  it('starts the agent before dockerd starts the containers of the last run', () => {
    const orders = [...read('deploy/systemd/globalstacks-agent.service').matchAll(/^(Before|After)=(.*)$/gm)];
    const naming = orders.filter(([, , units = '']) => units.split(' ').includes('docker.service'));
    expect(naming.map(([, order]) => order)).to.deep.equal(['Before']);
  });

  it('shows in docs/drivers.md the socket that an agent of the package listens on', () => {
    const [, socket] = read('docs/drivers.md').match(/--unix-socket (\S+)/) ?? [];
    expect(socket).to.equal(join(STATE_FOLDER, 'links.sock'));
  });

  for (const path of [
    'deploy/compose.yaml',
    ...filesIn('deploy/systemd'),
    ...filesIn('deploy/debian'),
    'docs/deploy.md',
  ]) {
    it(`uses in ${path} no setting that docs/settings.md does not list`, () => {
      const listed = read('docs/settings.md');
      const used = new Set([...read(path).matchAll(/\bGLOBALSTACKS_[A-Z_]+/g)].map(([name]) => name));
      expect([...used].filter((name) => !listed.includes(`\`${name}`))).to.deep.equal([]);
    });
  }
});
