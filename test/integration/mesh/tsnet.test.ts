import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { obtainMeshProgram } from '#apps/all-in-one/mesh-node.js';
import { tsnetTransport } from '#libs/mesh/tsnet/tsnet-transport.js';
import { CLONE } from '#test/support/clone.js';
import { MeshFixture } from '#test/support/mesh-fixture.js';
import { meshConformance } from './conformance.js';

describe('tsnet', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gs-tsnet-'));
  let control: MeshFixture;
  let binary: string;

  before(async function () {
    this.timeout(300_000);
    binary = await obtainMeshProgram('mesh-node', CLONE, () => {});
    control = await MeshFixture.start();
  });
  after(async () => {
    await control.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  meshConformance('tsnet', async (nodeName) => {
    const hostname = nodeName.replace(/[^a-z0-9]+/g, '-');
    return tsnetTransport({
      binary,
      controlUrl: control.controlUrl,
      hostname,
      stateFolder: join(folder, hostname),
      isEphemeral: false,
      requestKey: () => control.mintKey(),
      log: () => undefined,
    });
  });
});
