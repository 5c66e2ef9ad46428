import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { pino } from 'pino';
import { startControlPlane } from '#apps/control-plane/control-plane.js';
import { readSettings } from '#apps/control-plane/foundation/settings.js';
import { readKeys, writeBackup } from '#apps/control-plane/maintenance/backup.js';
import { backupContents, contentsText } from '#apps/control-plane/maintenance/backup-check.js';
import { restoreBackup } from '#apps/control-plane/maintenance/restore.js';
import { replaceBusKeys } from '#apps/control-plane/maintenance/rotate-bus-keys.js';
import { createEventStore } from '#libs/event-store/postgres-event-store.js';
import { migrationNames } from '#migrations/index.js';
import { command } from '#test/support/commands.js';
import { freePort } from '#test/support/ports.js';
import { emptyDatabase, freshDatabase, query } from '#test/support/postgres.js';
import { SmallDisk } from '#test/support/small-disk.js';

const PASSWORD = 'sesame-open';

describe('a maintenance command', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gs-refusals-'));
  const file = join(folder, 'backup');
  let disk: SmallDisk;
  let source: string;

  before(async () => {
    disk = new SmallDisk(join(folder, 'disk'), 256);
    source = await freshDatabase();
    const store = createEventStore({ databaseUrl: source, onConnectionError: () => {} });
    await store.execute(command());
    await store.close();
  });
  after(() => {
    disk?.unmount();
    rmSync(folder, { recursive: true, force: true });
  });

  const write = (url: string, to = file) => writeBackup(url, to, null, new Date());
  const changed = (url: string, change: (address: URL) => void): string => {
    const address = new URL(url);
    change(address);
    return address.href;
  };

  /** A login that the server knows and that may nothing. */
  async function stranger(url: string): Promise<string> {
    const role = `stranger_${Date.now()}`;
    await query(url, `CREATE ROLE ${role} LOGIN PASSWORD '${PASSWORD}'`);
    return changed(url, (address) => Object.assign(address, { username: role, password: PASSWORD }));
  }

  /** a server that says that it is Postgres 14. */
  async function older(): Promise<string> {
    const url = await emptyDatabase();
    await query(
      url,
      `CREATE SCHEMA older; GRANT USAGE ON SCHEMA older TO PUBLIC;
       CREATE FUNCTION older.current_setting(name text) RETURNS text LANGUAGE sql AS $$ SELECT '140004' $$`,
    );
    const name = new URL(url).pathname.slice(1);
    await query(url, `ALTER DATABASE ${name} SET search_path = older, pg_catalog, public`);
    return url;
  }

  const start = (databaseUrl: string) => {
    const settings = readSettings({
      GLOBALSTACKS_DATABASE_URL: databaseUrl,
      GLOBALSTACKS_NATS_URL: 'nats://127.0.0.1:9',
      GLOBALSTACKS_KEYS_DIR: join(folder, 'keys'),
    });
    return startControlPlane({ settings, logger: pino({ enabled: false }), clock: () => new Date() });
  };

  const databases: readonly (readonly [string, string, RegExp, () => string | Promise<string>])[] = [
    [
      'is missing',
      'DATABASE_MISSING',
      /has no database absent/,
      () => changed(source, (at) => Object.assign(at, { pathname: '/absent' })),
    ],
    [
      'refuses the password',
      'DATABASE_LOGIN_REFUSED',
      /refuses the user/,
      () => changed(source, (at) => Object.assign(at, { password: PASSWORD })),
    ],
    ['gives no right', 'DATABASE_NO_RIGHT', /may not use the database/, () => stranger(source)],
    ['has no record', 'DATABASE_EMPTY', /no record of a control plane/, () => emptyDatabase()],
    [
      'does not answer',
      'DATABASE_UNREACHABLE',
      /does not answer/,
      async () => `postgres://gs@127.0.0.1:${await freePort()}/gs`,
    ],
    ['has an address that is none', 'DATABASE_URL_INVALID', /is not a URL/, () => 'postgres://gs@[oops/gs'],
  ];
  for (const [what, code, message, url] of databases) {
    it(`says what to do about a database that ${what}`, async () => {
      await refused(write(await url(), join(folder, 'none')), code, message);
    });
  }

  const restores: readonly (readonly [string, string, () => string | Promise<string>])[] = [
    ['is missing', 'DATABASE_MISSING', () => changed(source, (at) => Object.assign(at, { pathname: '/absent' }))],
    [
      'refuses the password',
      'DATABASE_LOGIN_REFUSED',
      () => changed(source, (at) => Object.assign(at, { password: PASSWORD })),
    ],
    ['gives no right', 'DATABASE_NO_RIGHT', async () => stranger(await emptyDatabase())],
    ['is of an older Postgres', 'POSTGRES_TOO_OLD', older],
  ];
  for (const [what, code, url] of restores) {
    it(`restores into no database that ${what}, and a control plane does not start with it`, async () => {
      await write(source);
      await refused(restoreBackup(await url(), file), code);
      await refused(start(await url()), code);
    });
  }

  it('replaces keys of the bus only with its database', async () => {
    const missing = changed(source, (at) => Object.assign(at, { pathname: '/absent' }));
    await refused(replaceBusKeys(missing, join(folder, 'keys')), 'DATABASE_MISSING');
  });

  const targets: readonly (readonly [string, string, () => string])[] = [
    ['in a folder that is missing', 'BACKUP_UNWRITABLE', () => join(folder, 'nowhere', 'backup')],
    ['that is a folder', 'BACKUP_FILE_TAKEN', () => folder],
    [
      'that holds something else',
      'BACKUP_FILE_TAKEN',
      () => {
        writeFileSync(join(folder, 'notes'), 'my notes');
        return join(folder, 'notes');
      },
    ],
    [
      'on a full disk',
      'DISK_FULL',
      () => {
        disk.fill();
        return join(disk.folder, 'backup');
      },
    ],
  ];
  for (const [what, code, target] of targets) {
    it(`writes no backup into a file ${what}`, async () => {
      await refused(write(source, target()), code);
    });
  }

  it('leaves a file of somebody else as it was', async () => {
    writeFileSync(join(folder, 'notes'), 'my notes');
    await write(source, join(folder, 'notes')).catch(() => {});
    expect(readFileSync(join(folder, 'notes'), 'utf8')).to.equal('my notes');
  });

  for (const [what, code, prepare] of [
    ['is missing', 'BACKUP_UNREADABLE', () => join(folder, 'absent')],
    ['is a folder', 'BACKUP_UNREADABLE', () => folder],
    [
      'is not a backup',
      'BACKUP_DAMAGED',
      () => {
        writeFileSync(join(folder, 'other'), '{"a":1}\n');
        return join(folder, 'other');
      },
    ],
  ] as const) {
    it(`neither checks nor restores a file that ${what}`, async () => {
      await refused(backupContents(prepare()), code);
      await refused(restoreBackup(await freshDatabase(), prepare()), code);
    });
  }

  it('says what is in a backup, and that a damaged one is', async () => {
    mkdirSync(join(folder, 'some-keys'));
    writeFileSync(join(folder, 'some-keys', 'a.seed'), 'seed');
    await writeBackup(source, file, readKeys(join(folder, 'some-keys')), new Date('2026-01-02T03:04:05Z'));
    const contents = await backupContents(file);
    const text = contentsText(file, contents);
    expect(text).to.include('made:     2026-01-02T03:04:05.000Z by release ');
    expect(text).to.include(`schema:   ${migrationNames.at(-1)} (${migrationNames.length} migrations)`);
    expect(text).to.match(/log: {6}up to event [1-9]\d*, hash [0-9a-f]{64}\n/);
    expect(text).to.include('keys:     1 files');
    expect(contents.rows).to.be.at.least(1);
    writeFileSync(file, readFileSync(file, 'utf8').replace('"a.seed"', '"b.seed"'));
    await refused(backupContents(file), 'BACKUP_DAMAGED');
  });

  async function refused(work: Promise<unknown>, code: string, message = /./): Promise<void> {
    const error = await work.then(
      () => new Error('it was done'),
      (failure: unknown) => failure,
    );
    expect(error).to.have.property('code', code);
    expect(error).to.have.property('message').that.matches(message).and.does.not.include(PASSWORD);
    expect(error).to.have.property('remedy').that.is.a('string');
  }
});
