import { once } from 'node:events';
import {
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { expect } from 'chai';
import { openIdentityKeys } from '#apps/agent/enrollment/identity-keys.js';
import { writeStateFile } from '#apps/agent/state/state-file.js';
import { restoreKeys } from '#apps/control-plane/maintenance/restore.js';
import { replaceBusKeys } from '#apps/control-plane/maintenance/rotate-bus-keys.js';
import { loadBusAuthority } from '#libs/bus/authority.js';
import { makeFolder, writeForFolderOwner } from '#libs/program/folder-owner.js';
import { takeLock } from '#libs/program/lock.js';
import { freshDatabase } from '#test/support/postgres.js';

/** Of a program that does not run as root; where the tests are not root, there is only one user. */
const OWNER = process.getuid?.() === 0 ? 54_321 : (process.getuid?.() ?? 0);

describe('files that root writes into the folder of another user', () => {
  let state: string;

  beforeEach(() => {
    state = mkdtempSync(join(tmpdir(), 'gs-owners-'));
    if (process.getuid?.() === 0) chownSync(state, OWNER, OWNER);
  });
  afterEach(() => rmSync(state, { recursive: true, force: true }));

  const folder = (): string => join(state, 'keys');
  const keys = { 'a.seed': Buffer.from('seed').toString('base64') };
  const header = { release: '0', madeAt: '', migrations: [], keys };

  const writers: readonly (readonly [string, () => unknown])[] = [
    ['a restore', () => restoreKeys(folder(), header)],
    [
      'a restore into an empty folder',
      () => {
        mkdirSync(folder());
        if (process.getuid?.() === 0) chownSync(folder(), OWNER, OWNER);
        restoreKeys(folder(), header);
      },
    ],
    ['a rotation of the keys of the bus', async () => replaceBusKeys(await freshDatabase(), folder())],
    ['the keys that a first start or nats-config makes', () => loadBusAuthority(folder())],
    [
      "an agent's keys",
      () => openIdentityKeys(folder(), 'host-a', null, { now: () => new Date(), replaced: () => {} }),
    ],
    ["an agent's credentials", () => writeStateFile(join(folder(), 'deep', 'credentials.json'), {})],
    ['a lock', () => takeLock(join(state, 'agent'))],
  ];
  for (const [what, write] of writers) {
    it(`are that user's: ${what}`, async () => {
      await write();
      const made = readdirSync(state, { recursive: true, encoding: 'utf8' }).filter(
        (name) => !/\.(pid|began)$/.test(name),
      );
      expect(made).to.not.be.empty;
      const others = made.filter((name) => statSync(join(state, name)).uid !== OWNER);
      expect(others).to.deep.equal([]);
    });
  }

  const overLinks: readonly (readonly [string, string, (path: string) => unknown])[] = [
    ['a file', 'seed', (path) => writeForFolderOwner(path, 'secret')],
    ['a file of state', 'state.json.new', (path) => writeStateFile(path.replace(/\.new$/, ''), 'secret')],
  ];
  for (const [what, name, write] of overLinks) {
    it(`are never written through a link of that user: ${what}`, async () => {
      const elsewhere = mkdtempSync(join(tmpdir(), 'gs-elsewhere-'));
      const [target, path] = [join(elsewhere, 'target'), join(state, name)];
      try {
        writeFileSync(target, 'as before');
        symlinkSync(target, path);
        await write(path);
        expect(readFileSync(target, 'utf8')).to.equal('as before');
        expect(statSync(target).uid).to.equal(process.getuid?.());
      } finally {
        rmSync(elsewhere, { recursive: true });
      }
    });
  }

  it('give that user no folder elsewhere, however fast a new folder is replaced by a link to one', async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'gs-elsewhere-'));
    const [target, made] = [join(elsewhere, 'deep'), join(state, 'keys')];
    mkdirSync(target);
    const replacing = new Worker(new URL('../../../programs/replace-by-link.js', import.meta.url), {
      workerData: { path: made, target: elsewhere },
    });
    try {
      await once(replacing, 'online');
      let replaced = 0;
      for (let attempt = 0; attempt < 500; attempt += 1) {
        try {
          if (lstatSync(made, { throwIfNoEntry: false }) !== undefined) renameSync(made, join(state, `${attempt}`));
          makeFolder(join(made, 'deep'));
        } catch (error) {
          // The other thread was faster: no folder is made.
          expect(error).to.have.property('code').that.is.oneOf(['ENOENT', 'EEXIST', 'ENOTDIR', 'ELOOP']);
        }
        if (lstatSync(made, { throwIfNoEntry: false })?.isSymbolicLink()) replaced += 1;
      }
      expect(replaced).to.be.greaterThan(0);
      expect(statSync(target).uid).to.equal(process.getuid?.());
    } finally {
      await replacing.terminate();
      rmSync(elsewhere, { recursive: true });
    }
  });
});
