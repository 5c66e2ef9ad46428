import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { CLONE } from '#test/support/clone.js';

describe('the picture of the layers', () => {
  it('shows the imports that there are', async () => {
    const drawn = promisify(execFile)(process.execPath, [join(CLONE, 'scripts', 'layers.mjs'), '--check']);
    const { stderr } = await drawn.catch((error: { readonly stderr: string }) => error);
    expect(stderr).to.equal('');
  });
});
