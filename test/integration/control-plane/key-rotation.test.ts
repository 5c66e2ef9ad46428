import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { writeBackup } from '#apps/control-plane/maintenance/backup.js';
import { restoreBackup } from '#apps/control-plane/maintenance/restore.js';
import { parsePublicKey } from '#libs/audit/signed-head.js';
import { verifyExport } from '#libs/audit/verify-export.js';
import type { StoreKeyDto } from '#libs/contracts/http/store-keys.js';
import { STORE_KEYS, type StoreKey, type TrustedKeys } from '#libs/contracts/store-keys.js';
import { parseMemberCredentials } from '#libs/member/credentials.js';
import { withPinnedKeys } from '#libs/member/pinned-keys.js';
import { freshDatabase } from '#test/support/postgres.js';
import type { ApiAnswer } from './api.js';
import { TestControlPlane } from './setup.js';
import type { SimulatedAgent } from './simulated-agent.js';

const NEXT_FILES = { signing: 'topology-signing.next.pem', mesh: 'mesh-authority.next.json' } as const;

describe('rotation of the keys of a store', function () {
  this.timeout(60_000);
  let controlPlane: TestControlPlane;
  let agent: SimulatedAgent;

  before(async () => {
    controlPlane = await TestControlPlane.start();
    agent = await controlPlane.agent('host-a', ['sbx-web']);
  });
  after(() => controlPlane.end());

  const folder = (file = '') => join(controlPlane.nats.keysFolder, file);
  const step = (key: StoreKey, name: string, without: readonly string[] = []): Promise<ApiAnswer> =>
    controlPlane.call('POST', `/v1/keys/${key}/rotation`, { step: name, without });
  async function taken(key: StoreKey, name: string, without: readonly string[] = []): Promise<StoreKeyDto> {
    const { status, text } = await step(key, name, without);
    expect(status, text).to.equal(200);
    return JSON.parse(text);
  }
  async function listed(key: StoreKey): Promise<StoreKeyDto> {
    const { text } = await controlPlane.call('GET', '/v1/keys');
    const found = (JSON.parse(text).items as readonly StoreKeyDto[]).find((one) => one.key === key);
    if (found === undefined) throw new Error(text);
    return found;
  }
  /** The agent says that it trusts all that the control plane names. */
  async function confirm(): Promise<TrustedKeys> {
    const { keys } = await agent.contact('heartbeat');
    await agent.contact('heartbeat', { keys });
    if (keys === undefined) throw new Error('no keys named');
    return keys;
  }
  const renewed = async () => {
    const { body } = await agent.renew();
    return parseMemberCredentials({ ...body, issuedAt: new Date().toISOString() });
  };
  async function exported(): Promise<string> {
    return (await controlPlane.call('GET', '/v1/audit/export')).text;
  }
  async function check(text: string, ...pem: readonly string[]): Promise<string> {
    async function* bytes() {
      yield Buffer.from(text);
    }
    const { found } = await verifyExport(
      bytes(),
      pem.map((key) => parsePublicKey(key, 'the test')),
    );
    return found.kind === 'intact' ? found.kind : found.problem;
  }
  const auditKey = async () => (await controlPlane.call('GET', '/v1/audit/key')).body as { publicKey: string };

  /** All steps, each confirmed. */
  async function rotate(key: StoreKey): Promise<StoreKeyDto> {
    await taken(key, 'offer');
    await confirm();
    await taken(key, 'use');
    await confirm();
    return taken(key, 'retire');
  }

  for (const key of STORE_KEYS) {
    it(`offers a new ${key} key, uses it when every agent has confirmed, and then retires the one before`, async () => {
      const before = await listed(key);
      expect(before).to.deep.include({ stage: 'settled', next: null, holders: [] });
      const atFirst = await renewed();

      const offered = await taken(key, 'offer');
      expect(offered).to.deep.include({ stage: 'offered', inUse: before.inUse });
      expect(await taken(key, 'offer')).to.deep.include({ next: offered.next });
      const [holder] = offered.holders;
      expect(holder).to.include({ id: 'host-a', confirmed: false, status: 'ONLINE' });
      const early = await step(key, 'use');
      expect([early.status, early.body.code]).to.deep.equal([409, 'KEY_NOT_TAKEN']);
      const tooEarly = await step(key, 'retire');
      expect([tooEarly.status, tooEarly.body.code]).to.deep.equal([409, 'KEY_ROTATION_STAGE']);

      const keys = await confirm();
      expect(keys[key]).to.deep.equal([before.inUse, offered.next]);
      expect((await listed(key)).holders[0]).to.include({ confirmed: true, reason: null });
      const during = await renewed();
      expect(withPinnedKeys(atFirst, during).refused).to.deep.equal([]);
      expect(withPinnedKeys(atFirst, during).credentials).to.deep.equal(during);

      const used = await taken(key, 'use');
      expect(used).to.deep.include({ stage: 'used', inUse: offered.next, next: null });
      if (key === 'mesh') {
        expect((await step(key, 'retire')).body.code).to.equal('KEY_NOT_TAKEN');
        expect((await confirm()).issuer).to.equal(offered.next);
      } else {
        expect((await confirm()).signing).to.deep.equal([offered.next, before.inUse]);
      }
      const retired = await taken(key, 'retire');
      expect(retired).to.deep.include({ stage: 'settled', inUse: offered.next, former: [before.inUse], holders: [] });
      expect((await agent.contact('heartbeat')).keys?.[key]).to.deep.equal([offered.next]);
      // One that was away all the time follows by the signature alone.
      const after = await renewed();
      expect(withPinnedKeys(atFirst, after)).to.deep.equal({ credentials: after, refused: [] });
    });
  }

  // These start the control plane again, which the agent then finds at another port.
  for (const key of STORE_KEYS) {
    it(`goes on after an end of the control plane between the event and the folder, with the ${key} key`, async () => {
      const copy = mkdtempSync(join(tmpdir(), 'gs-keys-'));
      const { next } = await taken(key, 'offer');
      await confirm();
      cpSync(folder(), copy, { recursive: true });
      await taken(key, 'use');
      await controlPlane.stop();
      // The folder as it was when the event was written.
      cpSync(copy, folder(), { recursive: true });
      await controlPlane.startAgain();
      expect(await listed(key)).to.include({ stage: 'used', inUse: next });
      expect(existsSync(folder(NEXT_FILES[key]))).to.equal(false);
      await confirm();
      await taken(key, 'retire');
      rmSync(copy, { recursive: true });
    });

    it(`offers another ${key} key when the file of the one that was offered is lost`, async () => {
      const lost = await taken(key, 'offer');
      await controlPlane.stop();
      rmSync(folder(NEXT_FILES[key]));
      await controlPlane.startAgain();
      await agent.contact('hello');
      const refused = await step(key, 'use', ['host-a']);
      expect([refused.status, refused.body.code]).to.deep.equal([409, 'KEY_FILE_LOST']);
      const again = await rotate(key);
      expect(again).to.include({ stage: 'settled' });
      expect(again.inUse).to.not.equal(lost.next);
    });

    it(`goes on without an agent that has not confirmed the ${key} key, and the log names it`, async () => {
      await taken(key, 'offer');
      await taken(key, 'use', ['host-a']);
      await taken(key, 'retire', ['host-a']);
      const text = await exported();
      expect(text).to.contain(`"type":"KeyPutToUse"`).and.to.contain('"without":["host-a"]');
      await confirm();
    });
  }

  it('leaves the log whole, with heads that former keys signed', async () => {
    const { publicKey: first } = await auditKey();
    const earlier = await exported();
    await rotate('signing');
    const later = await exported();
    const { publicKey: second } = await auditKey();
    expect(await check(earlier, first)).to.equal('intact');
    expect(await check(later, second)).to.equal('intact');
    // Who kept the first key follows the log to the next one.
    expect(await check(later, first)).to.equal('intact');
    expect(await check(earlier, second)).to.equal('HEAD_FOREIGN');
    const { others } = (await controlPlane.call('GET', '/v1/audit/key')).body as { others: readonly string[] };
    expect(await check(earlier, second, ...others)).to.equal('intact');

    await controlPlane.stop();
    await controlPlane.startAgain();
    const verification = await controlPlane.call('GET', '/v1/audit/verification');
    expect(verification.body).to.include({ intact: true });
  });

  it('takes keys that follow those of a database from before the rotation', async () => {
    const [former, other] = [mkdtempSync(join(tmpdir(), 'gs-backup-')), await freshDatabase()];
    const backup = join(former, 'backup');
    await writeBackup(controlPlane.databaseUrl, backup, null, new Date());
    await rotate('signing');
    await rotate('mesh');
    const now = await Promise.all(STORE_KEYS.map(listed));
    await controlPlane.stop();
    await restoreBackup(other, backup);
    const restored = await TestControlPlane.start({ GLOBALSTACKS_DATABASE_URL: other }, folder());
    const { body } = await restored.call('GET', '/v1/keys');
    const items = body.items as readonly StoreKeyDto[];
    expect(items.map(({ inUse }) => inUse)).to.deep.equal(now.map(({ inUse }) => inUse));
    await restored.end();
    rmSync(former, { recursive: true });
    await controlPlane.startAgain();
  });

  it('is only of the keys that there are', async () => {
    const { status } = await controlPlane.call('POST', '/v1/keys/other/rotation', { step: 'offer' });
    expect(status).to.equal(400);
  });
});
