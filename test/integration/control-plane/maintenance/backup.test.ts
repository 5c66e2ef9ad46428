import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { writeBackup } from '#apps/control-plane/maintenance/backup.js';
import { restoreBackup } from '#apps/control-plane/maintenance/restore.js';
import { createEventStore } from '#libs/event-store/postgres-event-store.js';
import { verifyLog } from '#libs/event-store/verify-log.js';
import { command } from '#test/support/commands.js';
import { freshDatabase, query } from '#test/support/postgres.js';

/** Characters that COPY escapes, and characters that it does not. */
const TEXT = 'tab\t line\n return\r quote " backslash \\ \\N \\. é 𝄞 \u2028';

describe('backup and restore', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gs-backup-'));
  const file = join(folder, 'backup');
  let source: string;

  const storeAt = (databaseUrl: string) => createEventStore({ databaseUrl, onConnectionError: () => {} });

  /** Every row of every table, as text. */
  async function contents(databaseUrl: string): Promise<object> {
    const tables = await query(
      databaseUrl,
      "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1",
    );
    const rows = tables.map(async ({ name }) => [
      name,
      await query(
        databaseUrl,
        `SELECT t::text FROM ${name === 'migrations' ? '(SELECT name FROM migrations)' : name} t ORDER BY 1`,
      ),
    ]);
    return Object.fromEntries(await Promise.all(rows));
  }

  before(async () => {
    source = await freshDatabase();
    const store = storeAt(source);
    for (let n = 1; n <= 20; n += 1) {
      await store.execute(
        command({ commandId: `c-${n}`, events: [{ type: 'Wrote', schemaVersion: 1, data: { n, TEXT } }] }),
      );
    }
    await store.execute(command({ events: [] }));
    await store.close();
    await query(
      source,
      `INSERT INTO applied_log (agent_id, network_id, epoch_counter, epoch_id, to_version, hash, outcome, flows_cut, applied_at)
       SELECT 'host-a', 'network', 1, 'epoch', version, 'hash', 'applied', '{a,b}', now() FROM generate_series(1, 3) version`,
    );
  });

  beforeEach(() => {
    rmSync(file, { force: true });
    return writeBackup(source, file, null, new Date());
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  it('puts every row of every table back, with a whole chain', async () => {
    const target = await freshDatabase();
    const { head } = await restoreBackup(target, file);
    expect(await contents(target)).to.deep.equal(await contents(source));
    expect(await verifyLog(target)).to.deep.equal({ kind: 'intact', head });
    expect(statSync(file).mode & 0o777).to.equal(0o600);
  });

  it('holds every row of a record that comes in many pieces', async () => {
    const large = await freshDatabase();
    await query(
      large,
      `INSERT INTO applied_log (agent_id, network_id, epoch_counter, epoch_id, to_version, hash, outcome, flows_cut, applied_at)
       SELECT 'host-a', 'network', 1, 'epoch', version, repeat(md5(version::text), 1 + version % 7), 'applied', '{a,b}', now()
         FROM generate_series(1, 20000) version`,
    );
    const { rows } = await writeBackup(large, file, null, new Date());
    expect(rows).to.be.at.least(20_000);
    const target = await freshDatabase();
    await restoreBackup(target, file);
    expect(await contents(target)).to.deep.equal(await contents(large));
  });

  it('lets the restored record go on where it ended', async () => {
    const target = await freshDatabase();
    const { head } = await restoreBackup(target, file);
    const store = storeAt(target);
    await store.execute(command());
    await store.close();
    expect(await verifyLog(target, [head])).to.have.nested.property('head.position', head.position + 1);
    const [row] = await query(target, "SELECT nextval(pg_get_serial_sequence('applied_log', 'id'))::int AS next");
    expect(row?.next).to.equal(4);
  });

  it('is one moment of a record that is written to meanwhile', async () => {
    const busy = await freshDatabase();
    const store = storeAt(busy);
    let isOver = false;
    const writing = (async () => {
      while (!isOver) await Promise.all(Array.from({ length: 20 }, () => store.execute(command())));
    })();
    const { head } = await writeBackup(busy, file, null, new Date());
    isOver = true;
    await writing;
    await store.close();
    const target = await freshDatabase();
    expect(await restoreBackup(target, file)).to.deep.include({ head });
    expect(await verifyLog(busy, [head])).to.have.property('kind', 'intact');
  });

  const damages: readonly (readonly [string, (text: string) => string])[] = [
    ['one other character', (text) => text.replace('"n":7', '"n":8')],
    ['its end missing', (text) => text.slice(0, -200)],
    ['a table missing', (text) => text.replace(/\{"table":"store_keys"[^\n]*\n/, '')],
    ['nothing in it', () => ''],
    ['something else in it', () => 'hello\n'],
  ];
  for (const [what, damage] of damages) {
    it(`is refused with ${what}, and nothing is written`, async () => {
      writeFileSync(file, damage(readFileSync(file, 'utf8')));
      const target = await freshDatabase();
      const before = await contents(target);
      await refused(target, 'BACKUP_DAMAGED');
      expect(await contents(target)).to.deep.equal(before);
    });
  }

  it('is refused when its log was changed before it was made', async () => {
    const changed = await freshDatabase();
    await restoreBackup(changed, file);
    await query(
      changed,
      "ALTER TABLE events DISABLE TRIGGER ALL; UPDATE events SET actor = 'mallory' WHERE position = 5",
    );
    await writeBackup(changed, file, null, new Date());
    const target = await freshDatabase();
    await refused(target, 'BACKUP_DAMAGED', /CHANGED at event 5/);
    expect(await query(target, 'SELECT 1 FROM events')).to.deep.equal([]);
  });

  it('is refused by a database that has a record, and by an older release', async () => {
    await refused(source, 'DATABASE_NOT_EMPTY');
    await query(source, "INSERT INTO migrations (timestamp, name) VALUES (9999999999999, 'Later9999999999999')");
    await writeBackup(source, file, null, new Date());
    await query(source, "DELETE FROM migrations WHERE name = 'Later9999999999999'");
    await refused(await freshDatabase(), 'BACKUP_NEWER', /Later9999999999999/);
  });

  it('leaves the former file as it was when it cannot be written to its end', async () => {
    const former = readFileSync(file);
    const broken = await freshDatabase();
    await query(broken, 'CREATE VIEW sooner AS SELECT 1; DROP TABLE events CASCADE');
    const error = await writeBackup(broken, file, null, new Date()).catch((failure: unknown) => failure);
    expect(error).to.be.instanceOf(Error);
    expect(readFileSync(file)).to.deep.equal(former);
    expect(readdirSync(folder)).to.deep.equal(['backup']);
  });

  async function refused(target: string, code: string, message = /./): Promise<void> {
    const error = await restoreBackup(target, file).catch((failure: unknown) => failure);
    expect(error).to.have.property('code', code);
    expect(error).to.have.property('message').that.matches(message);
    expect(error).to.have.property('remedy').that.is.a('string');
  }
});
