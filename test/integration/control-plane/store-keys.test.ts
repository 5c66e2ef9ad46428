import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { replaceBusKeys } from '#apps/control-plane/maintenance/rotate-bus-keys.js';
import { TestControlPlane } from './setup.js';

const KEY_FILES = [
  'mesh-authority.json',
  'nats-account.seed',
  'nats-agent-signing.seed',
  'nats-local-node-signing.seed',
  'nats-operator.seed',
  'nats-system-account.seed',
  'topology-signing.pem',
];

describe('the keys of a store', function () {
  this.timeout(60_000);
  let controlPlane: TestControlPlane;
  let backup: string;
  const folder = (): string => controlPlane.nats.keysFolder;

  before(async () => {
    backup = mkdtempSync(join(tmpdir(), 'gs-keys-'));
    controlPlane = await TestControlPlane.start();
    await controlPlane.stop();
    cpSync(folder(), backup, { recursive: true });
  });

  afterEach(() => {
    for (const name of readdirSync(folder())) rmSync(join(folder(), name), { recursive: true });
    cpSync(backup, folder(), { recursive: true });
  });

  after(async () => {
    await controlPlane.end();
    rmSync(backup, { recursive: true, force: true });
  });

  const contents = (of: string): ReadonlyMap<string, string> =>
    new Map(readdirSync(of).map((name) => [name, readFileSync(join(of, name), 'utf8')]));

  function refusal(): Promise<unknown> {
    return controlPlane.startAgain().then(
      () => 'started',
      (error: unknown) => error,
    );
  }

  it('are all under test', () => {
    expect(readdirSync(backup).filter((name) => /\.(seed|pem)$|authority/.test(name))).to.have.members(KEY_FILES);
  });

  for (const file of KEY_FILES) {
    it(`are refused when ${file} was lost and made anew, and taken when it is back`, async () => {
      rmSync(join(folder(), file));
      const error = await refusal();
      expect(error).to.deep.include({ code: 'KEYS_OF_ANOTHER_STORE' });
      expect(error).to.have.property('message').that.contains(`(${file})`);
      cpSync(join(backup, file), join(folder(), file));
      await controlPlane.startAgain();
      await controlPlane.stop();
    });

    for (const [what, text, said] of [
      ['empty', '', 'is empty'],
      ['garbled', '\u0000 {no key\n', 'does not hold'],
    ] as const) {
      it(`are refused when ${file} is ${what}, by the file's name`, async () => {
        writeFileSync(join(folder(), file), text);
        const error = await refusal();
        expect(error).to.deep.include({
          code: 'KEY_FILE_UNUSABLE',
          remedy: 'put the file back from a backup of the keys folder that was kept with this database',
        });
        expect(error)
          .to.have.property('message')
          .that.contains(`${join(folder(), file)} ${said}`);
      });
    }
  }

  it('are refused when the whole folder was lost, and every file is named', async () => {
    for (const file of KEY_FILES) rmSync(join(folder(), file));
    const error = await refusal();
    expect(error).to.deep.include({ code: 'KEYS_OF_ANOTHER_STORE' });
    for (const file of KEY_FILES) expect(error).to.have.property('message').that.contains(file);
  });

  it('of the bus are replaced while no control plane runs, and the others stay', async () => {
    await controlPlane.startAgain();
    const error = await replaceBusKeys(controlPlane.databaseUrl, folder()).catch((refused: unknown) => refused);
    expect(error).to.deep.include({ code: 'CONTROL_PLANE_RUNS' });
    expect(contents(folder())).to.deep.equal(contents(backup));
    await controlPlane.stop();
    await replaceBusKeys(controlPlane.databaseUrl, folder());
    const before = contents(backup);
    const changed = [...contents(folder())].filter(([name, text]) => before.get(name) !== text).map(([name]) => name);
    expect(changed).to.have.members(KEY_FILES.filter((name) => name.startsWith('nats-')));
  });
});
