import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { CLONE } from '#test/support/clone.js';
import { HOPS, type Hop, NO_MESH } from '#test/support/hops.js';
import { mainPath } from '#test/support/main-path.js';
import { restartAgent, restartControlPlane } from '#test/support/restart.js';
import { type RunningStack, startStack } from '#test/support/stack.js';
import { MESHES } from '#test/support/stack-mesh.js';

type Part = Hop['of'];

for (const mesh of MESHES) {
  describe(`the main path, over ${mesh}`, function () {
    this.timeout(90_000);
    const folder = mkdtempSync(join(tmpdir(), 'gs-hops-'));
    const file = join(folder, 'hop');
    let stack: RunningStack;
    /** The process from which a hop was last removed. */
    let incomplete: Part | null = null;

    before(async function () {
      this.timeout(150_000);
      const hops = pathToFileURL(join(CLONE, 'dist', 'test', 'support', 'hops.js'));
      hops.searchParams.set('file', file);
      stack = await startStack({
        sandboxes: 'netns',
        mesh,
        env: { NODE_OPTIONS: `--import=${hops}`, GLOBALSTACKS_LOG_LEVEL: 'debug' },
      });
    });

    after(async () => {
      await stack?.remove();
      rmSync(folder, { recursive: true, force: true });
    });

    const restart = (part: Part): Promise<unknown> =>
      part === 'control plane'
        ? restartControlPlane(stack)
        : Promise.all(['host-a', 'host-b'].map((agent) => restartAgent(stack, agent)));

    /** Restarts the processes that do the hop's work, and those that still lack the hop before it. */
    async function takeAway(hop: string, of: Part): Promise<void> {
      rmSync(file, { force: true });
      if (incomplete !== null && incomplete !== of) await restart(incomplete);
      writeFileSync(file, hop);
      await restart(of);
      incomplete = of;
    }

    it('carries a request from a sandbox on one host to a sandbox on another', async () => {
      await mainPath(stack, 'whole');
    });

    // A hop that does not depend on the mesh is removed only once.
    const hops = Object.entries(HOPS).filter(([name]) => mesh === 'direct' || name === NO_MESH);
    for (const [index, [hop, { of, failsWith }]] of hops.entries()) {
      it(`fails with ${hop}`, async () => {
        await takeAway(hop, of);
        const failure = await mainPath(stack, `hop-${index}`).catch((error: unknown) => error);
        expect(failure).to.be.instanceOf(Error).and.to.have.property('message').that.matches(failsWith);
      });
    }
  });
}
