import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { RELEASE } from '#libs/program/release.js';
import { CLONE } from '#test/support/clone.js';

describe('the release that a program tells', () => {
  it('is that of the package', () => {
    expect(RELEASE).to.equal(JSON.parse(readFileSync(join(CLONE, 'package.json'), 'utf8')).version);
  });
});
