import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { CLONE } from '#test/support/clone.js';
import { HOPS } from '#test/support/hops.js';

describe('what takes a hop of the main path away', () => {
  for (const [name, { file, changes }] of Object.entries(HOPS)) {
    it(`${name}: ${file} still has what is replaced`, () => {
      const text = readFileSync(join(CLONE, 'dist', file), 'utf8');
      for (const [replaced] of changes) expect(text.includes(replaced), replaced).to.equal(true);
    });
  }
});
