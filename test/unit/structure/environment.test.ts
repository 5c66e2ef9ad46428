import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { CLONE } from '#test/support/clone.js';

/** The only file of each program that reads its environment. */
const READERS = [
  'apps/agent/main.ts',
  'apps/all-in-one/main.ts',
  'apps/all-in-one/sample-sandbox.ts',
  'apps/cli/environment.ts',
  'apps/control-plane/main.ts',
  'apps/local-node/main.ts',
];
/** What child processes are given. */
const HANDERS = ['apps/all-in-one/go-program.ts', 'libs/program/inherited-variables.ts'];

describe('the environment of a program', () => {
  it('is read in one file', () => {
    const files = ['apps', 'libs', 'migrations'].flatMap((folder) =>
      readdirSync(join(CLONE, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts') && !name.startsWith('api-client/'))
        .map((name) => join(folder, name)),
    );
    const found = files.filter((file) => /\bprocess\.env\b/.test(readFileSync(join(CLONE, file), 'utf8')));
    expect(found.sort()).to.deep.equal([...READERS, ...HANDERS].sort());
  });
});
