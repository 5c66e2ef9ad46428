import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { CLONE } from '#test/support/clone.js';
import { HOPS } from '#test/support/hops.js';
import { mainPath } from '#test/support/main-path.js';
import { startStack } from '#test/support/stack.js';

const HOPS_MODULE = pathToFileURL(join(CLONE, 'dist', 'test', 'support', 'hops.js')).href;

async function tryMainPath(env: Readonly<Record<string, string>>): Promise<unknown> {
  const stack = await startStack({ sandboxes: 'netns', env });
  try {
    await mainPath(stack);
    return null;
  } catch (error) {
    return error;
  } finally {
    await stack.remove();
  }
}

describe('the main path', function () {
  this.timeout(150_000);

  it('carries a request from a sandbox on one host to a sandbox on another', async () => {
    expect(await tryMainPath({})).to.equal(null);
  });

  for (const [hop, { failsWith }] of Object.entries(HOPS)) {
    it(`fails with ${hop}`, async () => {
      const failure = await tryMainPath({ NODE_OPTIONS: `--import=${HOPS_MODULE}?hop=${encodeURIComponent(hop)}` });
      expect(failure).to.be.instanceOf(Error).and.to.have.property('message').that.matches(failsWith);
    });
  }
});
