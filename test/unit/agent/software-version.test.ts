import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { SOFTWARE_VERSION } from '#apps/agent/foundation/software-version.js';
import { CLONE } from '#test/support/clone.js';

describe('the version that an agent tells', () => {
  it('is that of the package', () => {
    expect(SOFTWARE_VERSION).to.equal(JSON.parse(readFileSync(join(CLONE, 'package.json'), 'utf8')).version);
  });
});
