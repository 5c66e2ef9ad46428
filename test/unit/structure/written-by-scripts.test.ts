import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { CLONE } from '#test/support/clone.js';

describe('what a script writes into docs/', () => {
  for (const [script, what] of [
    ['layers.mjs', 'the picture of the layers shows the imports that there are'],
    ['settings.mjs', 'settings.md shows the settings that programs declare'],
    ['adr-index.mjs', 'adr/README.md lists every decision with its status, and all have one form'],
  ] as const) {
    it(`is up to date: ${what}`, async () => {
      const checked = promisify(execFile)(process.execPath, [join(CLONE, 'scripts', script), '--check']);
      const { stderr } = await checked.catch((error: { readonly stderr: string }) => error);
      expect(stderr).to.equal('');
    });
  }
});
