import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { readStateFile, StateFileInvalidError, writeStateFile } from '#apps/agent/state/state-file.js';
import { LastGoodFiles } from '#apps/agent/topology/last-good.js';
import { snapshotHash } from '#libs/policy/snapshot-digest.js';
import { snapshotHashOfProtocol1 } from '#libs/policy/snapshot-text.js';
import { snapshotOf } from '#test/support/snapshots.js';

describe("the agent's files", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gs-state-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('read as they were written, by their owner alone', async () => {
    const path = join(folder, 'x.json');
    expect(await readStateFile(path)).to.equal(null);
    await writeStateFile(path, { a: [1, 'two\n'] });
    expect(await readStateFile(path)).to.deep.equal({ a: [1, 'two\n'] });
    expect(statSync(path).mode & 0o777).to.equal(0o600);
    expect(readdirSync(folder)).to.deep.equal(['x.json']);
  });

  const damages: readonly (readonly [string, (text: string) => string])[] = [
    ['cut short', (text) => text.slice(0, -5)],
    ['emptied', () => ''],
    ['changed in one place', (text) => text.replace('dev', 'dex')],
    ['of a later format', (text) => text.replace('"format":1', '"format":2')],
    ['without its checksum', (text) => text.split('\n')[1] ?? ''],
    ['not text', () => '\0\0\0'],
  ];
  for (const [what, damage] of damages) {
    it(`${what}: refused, moved aside, and the others are read`, async () => {
      const files = new LastGoodFiles(folder);
      for (const networkId of ['0a', '0b']) {
        const snapshot = snapshotOf({ networkId, version: 3, sandboxes: {}, aliases: {} });
        const held = { epoch: { counter: 1, id: 'one' }, hash: snapshotHash(snapshot), signature: 'signed', snapshot };
        await files.save({ held, unanswered: [] });
      }
      const path = join(folder, '0a.json');
      writeFileSync(path, damage(readFileSync(path, 'utf8')));
      const { networks, corrupt } = await files.load(new Date('2026-01-02T03:04:05Z'));
      expect(networks.map(({ held }) => held.snapshot.networkId)).to.deep.equal(['0b']);
      expect(corrupt.map((file) => file.path)).to.deep.equal([path]);
      expect(readdirSync(folder)).to.deep.equal(['0a.json.corrupt-2026-01-02T03-04-05.000Z', '0b.json']);
      expect((await files.load(new Date())).corrupt).to.deep.equal([]);
    });
  }

  it('of the release before: served on, under the hash of today and without a signature', async () => {
    const files = new LastGoodFiles(folder);
    const snapshot = snapshotOf({ networkId: '0a', version: 3, sandboxes: {}, aliases: {} });
    const epoch = { counter: 1, id: 'one' };
    await writeStateFile(join(folder, '0a.json'), {
      epoch,
      hash: snapshotHashOfProtocol1(snapshot),
      snapshot,
      unanswered: [],
    });
    const { networks, corrupt } = await files.load(new Date());
    expect(corrupt).to.deep.equal([]);
    expect(networks.map(({ held }) => held)).to.deep.equal([
      { epoch, hash: snapshotHash(snapshot), signature: null, snapshot },
    ]);
  });

  it('of a snapshot without the hash it was sent with: refused', async () => {
    const files = new LastGoodFiles(folder);
    const snapshot = snapshotOf({ networkId: '0a', version: 3, sandboxes: {}, aliases: {} });
    const held = { epoch: { counter: 1, id: 'one' }, hash: '0'.repeat(64), signature: 'signed', snapshot };
    await files.save({ held, unanswered: [] });
    expect((await files.load(new Date())).corrupt).to.have.length(1);
  });

  it('name their fault', async () => {
    writeFileSync(join(folder, 'x.json'), 'nothing');
    const error = await readStateFile(join(folder, 'x.json')).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(StateFileInvalidError).and.have.property('code', 'STATE_FILE_INVALID');
  });
});
