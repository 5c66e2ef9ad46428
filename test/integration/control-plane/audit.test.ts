import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { writeBackup } from '#apps/control-plane/maintenance/backup.js';
import { restoreBackup } from '#apps/control-plane/maintenance/restore.js';
import type { ChainedEvent } from '#libs/audit/chain-walk.js';
import { parseExportLine } from '#libs/audit/export-lines.js';
import { parsePublicKey } from '#libs/audit/signed-head.js';
import { verifyExport } from '#libs/audit/verify-export.js';
import type { LogVerificationDto } from '#libs/contracts/http/audit.js';
import { readChained } from '#libs/event-store/read-chained.js';
import { rechained } from '#test/support/chained-events.js';
import { query } from '#test/support/postgres.js';
import { waitFor } from '#test/support/wait.js';
import { callApi } from './api.js';
import { TestControlPlane } from './setup.js';

describe('whether the log is as it was written', () => {
  let controlPlane: TestControlPlane;
  /** The last position. */
  let end: number;

  const sql = (...statements: readonly string[]) => query(controlPlane.databaseUrl, statements.join(';'));
  const headFile = () => join(controlPlane.nats.keysFolder, 'store-head.json');
  const keptHead = () => JSON.parse(readFileSync(headFile(), 'utf8')).head as { position: number; epoch: object };
  async function verified(): Promise<LogVerificationDto> {
    const { status, text } = await controlPlane.call('GET', '/v1/audit/verification');
    expect(status, text).to.equal(200);
    return JSON.parse(text);
  }
  const exported = async () => (await controlPlane.call('GET', '/v1/audit/export')).text;
  async function checked(text: string) {
    const { body } = await controlPlane.call('GET', '/v1/audit/key');
    async function* bytes() {
      yield Buffer.from(text);
    }
    return verifyExport(bytes(), [parsePublicKey(String(body.publicKey), 'the answer')]);
  }
  async function events(): Promise<readonly ChainedEvent[]> {
    const all: ChainedEvent[] = [];
    for await (const some of readChained(controlPlane.databaseUrl)) all.push(...some);
    return all;
  }
  const writeNetworks = async (...names: readonly string[]): Promise<void> => {
    for (const name of names) {
      expect((await controlPlane.call('POST', '/v1/networks', { name })).status).to.equal(201);
    }
  };

  before(async () => {
    controlPlane = await TestControlPlane.start();
    await controlPlane.agent('host-a', ['sbx-web', 'sbx-api']);
    await writeNetworks('dev', 'prod');
    // With the rights of the database's owner: triggers off, and a copy to restore everything from.
    await sql(
      'ALTER TABLE events DISABLE TRIGGER ALL',
      'ALTER TABLE commands DISABLE TRIGGER ALL',
      'CREATE SCHEMA kept',
      'CREATE TABLE kept.events AS TABLE events',
      'CREATE TABLE kept.commands AS TABLE commands',
    );
    end = (await events()).length;
  });
  afterEach(async () => {
    await sql(
      'DELETE FROM events; INSERT INTO events TABLE kept.events',
      'DELETE FROM commands; INSERT INTO commands TABLE kept.commands',
    );
  });
  after(() => controlPlane.end());

  /** The last command, with its event. */
  const cutOff = () =>
    sql(`DELETE FROM events WHERE position = ${end}`, `DELETE FROM commands WHERE position = ${end}`);

  /** Another history from event 3 on, with each hash computed again. */
  async function rewrite(): Promise<void> {
    const before = await events();
    const changed = before.map((event) => (event.position === 3 ? { ...event, actor: 'user:mallory' } : event));
    for (const { position, actor, previousHash, hash } of rechained(changed)) {
      await query(
        controlPlane.databaseUrl,
        'UPDATE events SET actor = $2, previous_hash = $3, hash = $4 WHERE position = $1',
        [position, actor, previousHash, hash],
      );
    }
    await sql(
      `UPDATE commands SET actor = 'user:mallory' WHERE command_id = (SELECT command_id FROM events WHERE position = 3)`,
    );
  }

  it('finds an untouched log whole, and signs where it ends', async () => {
    const { intact, head, broken, headsKeptSince } = await verified();
    expect({ intact, broken, headsKeptSince }).to.deep.equal({ intact: true, broken: null, headsKeptSince: 0 });
    expect(head).to.deep.include({ position: end, hash: (await events()).at(-1)?.hash });
  });

  const tamperings = {
    'a byte of an event changed': {
      by: () => sql(`UPDATE events SET data = replace(data::text, 'host-a', 'host-b')::json WHERE position = 1`),
      found: () => ({ problem: 'CHANGED', position: 1 }),
    },
    'an event removed': {
      by: () => sql('DELETE FROM events WHERE position = 2'),
      found: () => ({ problem: 'MISSING', position: 2 }),
    },
    'two events swapped': {
      by: () =>
        sql(
          'UPDATE events SET position = 107 - position WHERE position IN (3, 4)',
          'UPDATE events SET position = position - 100 WHERE position > 100',
        ),
      found: () => ({ problem: 'UNLINKED', position: 3 }),
    },
    'its tail cut off': { by: cutOff, found: () => ({ problem: 'TAIL_LOST', position: end }) },
    'another history with a whole chain': { by: rewrite, found: () => ({ problem: 'REWRITTEN', position: end }) },
  } as const;
  for (const [what, { by, found }] of Object.entries(tamperings)) {
    it(`finds ${what}, and exports it without a head`, async () => {
      await by();
      const { intact, broken, head } = await verified();
      expect({ intact, head }).to.deep.equal({ intact: false, head: null });
      expect(broken).to.include(found());
      expect(broken?.remedy).to.match(/docs\/operations.md/);
      const walks = () =>
        controlPlane.log.filter((line) => line.includes('the export ends without a signed head')).length;
      const former = walks();
      expect((await controlPlane.call('HEAD', '/v1/audit/export')).status).to.equal(200);
      expect(walks(), 'nothing is walked for a HEAD request').to.equal(former);
      expect((await checked(await exported())).found).to.include({ problem: 'HEAD_MISSING' });
      expect(walks()).to.equal(former + 1);
    });
  }

  describe('after a restart', () => {
    /** The file with the signed head of the unchanged log. */
    let head: string;

    before(async () => {
      await waitFor('the head is kept', () => keptHead().position === end);
      head = readFileSync(headFile(), 'utf8');
    });
    beforeEach(() => controlPlane.stop());
    afterEach(async () => {
      await controlPlane.stop();
      await sql('DELETE FROM store_epochs WHERE counter > 1');
      writeFileSync(headFile(), head);
      await controlPlane.startAgain();
    });

    async function startWith(change: () => unknown): Promise<void> {
      await change();
      controlPlane.log.length = 0;
      await controlPlane.startAgain();
    }

    const foreignEpoch = () => sql(`INSERT INTO store_epochs (counter, id) VALUES (2, 'mallory')`);

    it('finds the tail cut off by the signed head, until an operator starts an epoch', async () => {
      await startWith(cutOff);
      expect(controlPlane.log.join('')).to.include('DATABASE_OLDER_THAN_KEYS');
      expect((await verified()).broken).to.include({ problem: 'TAIL_LOST', position: end });
      expect((await controlPlane.call('POST', '/v1/epochs', { after: 1 })).status).to.equal(201);
      expect(await verified()).to.deep.include({ intact: true, headsKeptSince: end - 1 });
      expect(keptHead()).to.deep.include({ position: end - 1 });
      // The epoch in the database is signed: it also counts if the head was not written after it.
      await controlPlane.stop();
      await startWith(() => writeFileSync(headFile(), head));
      expect(await verified()).to.include({ intact: true });
    });

    it('takes no epoch that somebody wrote into the database for that of an operator', async () => {
      await startWith(async () => {
        await cutOff();
        await foreignEpoch();
      });
      expect((await verified()).broken).to.include({ problem: 'TAIL_LOST', position: end });
    });

    it('finds another history with a whole chain, also when it is longer', async () => {
      await startWith(rewrite);
      expect(controlPlane.log.join('')).to.include('LOG_NOT_AS_SIGNED');
      expect((await verified()).broken).to.include({ problem: 'REWRITTEN', position: end });
    });

    it('takes a database that was restored from a backup as it is, once an operator started an epoch', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'gs-audit-'));
      const file = join(folder, 'backup');
      const server = new URL(controlPlane.databaseUrl);
      const name = server.pathname.slice(1);
      const postgres = Object.assign(new URL(server), { pathname: '/postgres' }).href;
      await writeBackup(controlPlane.databaseUrl, file, null, new Date());
      await startWith(() => undefined);
      await writeNetworks('after-the-backup');
      await controlPlane.stop();
      await query(postgres, `ALTER DATABASE "${name}" RENAME TO "${name}_replaced"`);
      try {
        await query(postgres, `CREATE DATABASE "${name}"`);
        await restoreBackup(controlPlane.databaseUrl, file);
        await controlPlane.startAgain();
        const { broken } = await verified();
        expect(broken).to.include({ problem: 'TAIL_LOST', position: end + 1 });
        expect(broken?.remedy).to.include('gstacks admin new-epoch');
        expect((await controlPlane.call('POST', '/v1/epochs', { after: 1 })).status).to.equal(201);
        expect(await verified()).to.include({ intact: true });
        expect((await checked(await exported())).head).to.have.nested.property('epoch.counter', 2);
        await controlPlane.stop();
        controlPlane.log.length = 0;
        await controlPlane.startAgain();
        expect(controlPlane.log.join(''), 'nor at a later start').not.to.include('DATABASE_OLDER_THAN_KEYS');
        expect(await verified()).to.include({ intact: true });
        expect((await checked(await exported())).head).to.have.nested.property('epoch.counter', 2);
      } finally {
        await controlPlane.stop();
        await query(postgres, `DROP DATABASE "${name}" WITH (FORCE)`);
        await query(postgres, `ALTER DATABASE "${name}_replaced" RENAME TO "${name}"`);
        rmSync(folder, { recursive: true });
      }
    });

    it('finds a head that was not signed with its key', async () => {
      const { head: kept, since } = JSON.parse(head);
      const changed = { head: { ...kept, at: kept.at.replace('20', '19') }, since };
      await startWith(() => writeFileSync(headFile(), JSON.stringify(changed)));
      expect((await verified()).broken).to.include({ problem: 'HEAD_FOREIGN', position: end });
    });

    it('says from which event on heads were kept, when the file was lost', async () => {
      await startWith(() => writeFileSync(headFile(), 'garbled'));
      expect(controlPlane.log.join('')).to.include('HEAD_MISSING');
      expect(await verified()).to.include({ intact: true, headsKeptSince: end });
    });
  });

  it('exports every event with its data, whole by the public key alone, and no secret', async () => {
    const { body: made } = await controlPlane.call('POST', '/v1/tokens', { user: 'ada', role: 'admin' });
    const text = await exported();
    const { found, head } = await checked(text);
    expect(found.kind).to.equal('intact');
    expect(head).to.include({ position: end });
    const first = parseExportLine(text.split('\n')[0] ?? '');
    expect(first).to.have.nested.property('event.type');
    for (const secret of [made.token, controlPlane.adminToken, 'PRIVATE KEY']) expect(text).not.to.include(secret);
  });

  it('is for admins, and its key for everybody with a token', async () => {
    const { body } = await controlPlane.call('POST', '/v1/tokens', { user: 'ada', role: 'viewer' });
    const asViewer = (path: string) =>
      callApi(controlPlane.url, 'GET', path, undefined, { authorization: `Bearer ${body.token}` });
    expect((await asViewer('/v1/audit/verification')).body).to.include({ code: 'FORBIDDEN' });
    expect((await asViewer('/v1/audit/export')).body).to.include({ code: 'FORBIDDEN' });
    expect((await asViewer('/v1/audit/key')).status).to.equal(200);
  });
});
