import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { readStateFile, StateFileInvalidError, writeStateFile } from '#apps/agent/state/state-file.js';
import { LastGoodFiles } from '#apps/agent/topology/last-good.js';
import { parseFlowId, parseRuleId } from '#libs/contracts/ids.js';
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
        await files.save({ held, unanswered: [], cutAtEnd: [] });
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

  describe('with a journal', () => {
    const epoch = { counter: 1, id: 'one' };
    const at = (version: number, allow: readonly string[] = []) => {
      const snapshot = snapshotOf({
        networkId: '0a',
        version,
        sandboxes: { 'sbx-a': 'host-a' },
        aliases: { api: { sandbox: 'sbx-a', ports: [80] } },
        allow,
      });
      return { epoch, hash: snapshotHash(snapshot), signature: `signed-${version}`, snapshot };
    };
    const three = [at(1), at(2, ['any api 80']), at(4)];
    const journal = () => join(folder, '0a.journal');

    async function saved(): Promise<LastGoodFiles> {
      const files = new LastGoodFiles(folder);
      for (const held of three) await files.save({ held, unanswered: [], cutAtEnd: [] });
      return files;
    }
    const load = () => new LastGoodFiles(folder).load(new Date('2026-01-02T03:04:05Z'));

    it('the last change is read back, and the file is left as it was', async () => {
      const files = new LastGoodFiles(folder);
      await files.save({ held: at(1), unanswered: [], cutAtEnd: [] });
      const file = readFileSync(join(folder, '0a.json'), 'utf8');
      for (const held of three.slice(1)) await files.save({ held, unanswered: [], cutAtEnd: [] });
      expect(readFileSync(join(folder, '0a.json'), 'utf8')).to.equal(file);
      expect(statSync(journal()).mode & 0o777).to.equal(0o600);
      const { networks, corrupt } = await load();
      expect(corrupt).to.deep.equal([]);
      expect(networks).to.deep.equal([{ held: at(4), unanswered: [], cutAtEnd: [] }]);
    });

    it('what was cut at the end of a rule is read back, from the file and from the journal', async () => {
      const files = new LastGoodFiles(folder);
      const cuts = ['a', 'b'].map((digit) => ({
        flowId: parseFlowId(digit.repeat(32), 'flow'),
        ruleId: parseRuleId('rule-1234', 'rule'),
      }));
      for (const cutAtEnd of [cuts.slice(0, 1), cuts]) {
        await files.save({ held: at(1), unanswered: [], cutAtEnd });
        expect((await load()).networks).to.deep.equal([{ held: at(1), unanswered: [], cutAtEnd }]);
      }
    });

    it('goes on after a restart, and is begun anew when it is as long as its file', async () => {
      await saved();
      const files = new LastGoodFiles(folder);
      await files.load(new Date());
      const lines = () => readFileSync(journal(), 'utf8').split('\n').length - 1;
      await files.save({ held: at(5), unanswered: [], cutAtEnd: [] });
      expect(lines()).to.equal(3);
      const many = Array.from({ length: 150 }, (_, index) => `sandbox:sbx-${index} api 80`);
      const heldAt = (number: number) => at(number, number % 2 === 0 ? many : []);
      let version = 5;
      while (lines() > 1) {
        version += 1;
        await files.save({ held: heldAt(version), unanswered: [], cutAtEnd: [] });
        expect(version).to.be.lessThan(50);
      }
      expect((await load()).networks).to.deep.equal([{ held: heldAt(version), unanswered: [], cutAtEnd: [] }]);
    });

    const halves: readonly (readonly [string, (whole: string) => string])[] = [
      ['', (whole) => whole.slice(0, -20)],
      [', longer than the next one', (whole) => whole.slice(0, -20) + 'x'.repeat(5_000)],
    ];
    for (const [what, cutShort] of halves) {
      it(`a change that a crash left half written${what}: it was never acknowledged, and the next takes its place`, async () => {
        await saved();
        writeFileSync(journal(), cutShort(readFileSync(journal(), 'utf8')));
        const files = new LastGoodFiles(folder);
        expect((await files.load(new Date())).networks.map(({ held }) => held.snapshot.version)).to.deep.equal([2]);
        await files.save({ held: at(4), unanswered: [], cutAtEnd: [] });
        expect((await load()).networks).to.deep.equal([{ held: at(4), unanswered: [], cutAtEnd: [] }]);
      });
    }

    it('that belongs to an earlier content of the file says nothing', async () => {
      await saved();
      const old = readFileSync(journal(), 'utf8');
      await new LastGoodFiles(folder).save({ held: at(9), unanswered: [], cutAtEnd: [] });
      writeFileSync(journal(), old);
      expect((await load()).networks).to.deep.equal([{ held: at(9), unanswered: [], cutAtEnd: [] }]);
    });

    const damagesOfLines: readonly (readonly [string, (text: string) => string])[] = [
      ['changed in one place', (text) => text.replace('signed-2', 'signed-3')],
      ['without its first line', (text) => text.slice(text.indexOf('\n') + 1)],
      ['with a line twice', (text) => text + text.slice(text.indexOf('\n') + 1)],
      ['with a line that is none', (text) => `${text}nothing\n`],
    ];
    for (const [what, damage] of damagesOfLines) {
      it(`${what}: the network is not served from what is older than it acknowledged`, async () => {
        await saved();
        writeFileSync(journal(), damage(readFileSync(journal(), 'utf8')));
        const { networks, corrupt } = await load();
        expect(networks).to.deep.equal([]);
        expect(corrupt.map(({ path }) => path)).to.deep.equal([join(folder, '0a.json')]);
      });
    }
  });

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
    const held = { epoch, hash: snapshotHash(snapshot), signature: null, snapshot };
    expect(networks).to.deep.equal([{ held, unanswered: [], cutAtEnd: [] }]);
  });

  it('of a snapshot without the hash it was sent with: refused', async () => {
    const files = new LastGoodFiles(folder);
    const snapshot = snapshotOf({ networkId: '0a', version: 3, sandboxes: {}, aliases: {} });
    const held = { epoch: { counter: 1, id: 'one' }, hash: '0'.repeat(64), signature: 'signed', snapshot };
    await files.save({ held, unanswered: [], cutAtEnd: [] });
    expect((await files.load(new Date())).corrupt).to.have.length(1);
  });

  it('name their fault', async () => {
    writeFileSync(join(folder, 'x.json'), 'nothing');
    const error = await readStateFile(join(folder, 'x.json')).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(StateFileInvalidError).and.have.property('code', 'STATE_FILE_INVALID');
  });
});
