import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { LastGoodFiles } from '#apps/agent/topology/last-good.js';
import { snapshotHash } from '#libs/policy/snapshot-digest.js';
import { SmallDisk } from '#test/support/small-disk.js';
import { snapshotOf } from '#test/support/snapshots.js';

/** The version with the number has so many rules. */
function goodOf(version: number, rules: number) {
  const snapshot = snapshotOf({
    networkId: '0a',
    version,
    sandboxes: { 'sbx-a': 'host-a' },
    aliases: { api: { sandbox: 'sbx-a', ports: [80] } },
    allow: Array.from({ length: rules }, (_, index) => `sandbox:sbx-${index} api 80`),
  });
  const held = {
    epoch: { counter: 1, id: 'one' },
    hash: snapshotHash(snapshot),
    signature: `signed-${version}`,
    snapshot,
  };
  return { held, unanswered: [], cutAtEnd: [] };
}

describe("an agent's journal on a disk that fills up", () => {
  let folder: string;
  let disk: SmallDisk;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gs-journal-'));
    disk = new SmallDisk(folder, 256);
  });
  afterEach(() => {
    disk.unmount();
    rmSync(folder, { recursive: true, force: true });
  });

  it('rejects an entry of which only a part found room, so that its version is not acknowledged', async () => {
    const files = new LastGoodFiles(folder);
    await files.save(goodOf(1, 0));
    await files.save(goodOf(2, 1));
    disk.fill();
    const failure: unknown = await files.save(goodOf(3, 100)).catch((error: unknown) => error);
    expect(failure).to.include({ code: 'DISK_FULL' });
    disk.free();
    await files.save(goodOf(4, 2));
    expect((await new LastGoodFiles(folder).load(new Date())).networks).to.deep.equal([goodOf(4, 2)]);
  });
});
