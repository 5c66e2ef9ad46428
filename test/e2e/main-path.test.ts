import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { CLONE } from '#test/support/clone.js';
import { HOPS, NO_MESH } from '#test/support/hops.js';
import { mainPath } from '#test/support/main-path.js';
import { startStack } from '#test/support/stack.js';
import { MESHES, type MeshKind } from '#test/support/stack-mesh.js';

const HOPS_MODULE = pathToFileURL(join(CLONE, 'dist', 'test', 'support', 'hops.js')).href;

async function tryMainPath(mesh: MeshKind, env: Readonly<Record<string, string>>): Promise<unknown> {
  const stack = await startStack({ sandboxes: 'netns', mesh, env });
  try {
    await mainPath(stack);
    return null;
  } catch (error) {
    return error;
  } finally {
    await stack.remove();
  }
}

for (const mesh of MESHES) {
  describe(`the main path, over ${mesh}`, function () {
    this.timeout(150_000);

    it('carries a request from a sandbox on one host to a sandbox on another', async () => {
      expect(await tryMainPath(mesh, {})).to.equal(null);
    });

    // What is no part of the mesh is taken away once.
    for (const [hop, { failsWith }] of Object.entries(HOPS).filter(([name]) => mesh === 'direct' || name === NO_MESH)) {
      it(`fails with ${hop}`, async () => {
        const failure = await tryMainPath(mesh, {
          NODE_OPTIONS: `--import=${HOPS_MODULE}?hop=${encodeURIComponent(hop)}`,
        });
        expect(failure).to.be.instanceOf(Error).and.to.have.property('message').that.matches(failsWith);
      });
    }
  });
}
