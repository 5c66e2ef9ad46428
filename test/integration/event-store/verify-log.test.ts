import { expect } from 'chai';
import type { LogAnchor } from '#libs/audit/chain-walk.js';
import type { HashedFields } from '#libs/audit/hash-chain.js';
import { createEventStore } from '#libs/event-store/postgres-event-store.js';
import { verifyLog } from '#libs/event-store/verify-log.js';
import { command } from '#test/support/commands.js';
import { freshDatabase, query } from '#test/support/postgres.js';

describe('verifying the log', () => {
  let databaseUrl: string;
  let head: LogAnchor;

  beforeEach(async () => {
    databaseUrl = await freshDatabase();
    const store = createEventStore({ databaseUrl, onConnectionError: () => {} });
    for (let n = 1; n <= 5; n += 1) {
      const text = 'tab\t line\n quote " backslash \\ \\N é 𝄞 \u0000';
      const data: HashedFields['dataText'] = text;
      await store.execute(
        command({ commandId: `c-${n}`, events: [{ type: 'Wrote', schemaVersion: 1, data: { n, data } }] }),
      );
    }
    await store.execute(command({ events: [] }));
    const last = (await store.readAll(4, 1))[0];
    head = { position: last?.position ?? 0, hash: last?.hash ?? '' };
    await store.close();
  });

  /** As somebody with the rights of the database's owner could. */
  async function tamper(...statements: readonly string[]): Promise<void> {
    const off = 'ALTER TABLE events DISABLE TRIGGER ALL; ALTER TABLE commands DISABLE TRIGGER ALL';
    await query(databaseUrl, [off, ...statements].join(';'));
  }

  it('finds an untouched log intact', async () => {
    expect(await verifyLog(databaseUrl)).to.deep.equal({ kind: 'intact', head });
    expect(await verifyLog(databaseUrl, [head])).to.have.property('kind', 'intact');
  });

  const changes = {
    stream_id: `'other'`,
    stream_version: '9',
    type: `'Erased'`,
    schema_version: '2',
    data: `(data::text || ' ')::json`,
    metadata: `'{ }'`,
    actor: `'mallory'`,
    correlation_id: `'x'`,
    causation_id: `'x'`,
    recorded_at: `recorded_at + interval '1 ms'`,
  };
  for (const [column, value] of Object.entries(changes)) {
    it(`finds a changed ${column}`, async () => {
      await tamper(`UPDATE events SET ${column} = ${value} WHERE position = 3`);
      expect(await verifyLog(databaseUrl)).to.include({ kind: 'broken', problem: 'CHANGED', position: 3 });
    });
  }

  it('finds a row that is gone', async () => {
    await tamper('DELETE FROM events WHERE position = 2');
    expect(await verifyLog(databaseUrl)).to.include({ kind: 'broken', problem: 'MISSING', position: 2 });
  });

  it('finds a row whose hash was computed again after a change', async () => {
    await tamper(`UPDATE events SET hash = repeat('a', 64), previous_hash = repeat('b', 64) WHERE position = 2`);
    expect(await verifyLog(databaseUrl)).to.include({ kind: 'broken', problem: 'UNLINKED', position: 2 });
  });

  it('finds a lost tail by the commands that wrote it', async () => {
    await tamper('DELETE FROM events WHERE position > 3');
    expect(await verifyLog(databaseUrl)).to.include({ kind: 'broken', problem: 'TAIL_LOST', position: 4 });
  });

  it('finds a lost tail whose commands are gone too by what was seen of it before', async () => {
    await tamper('DELETE FROM events WHERE position > 3', 'DELETE FROM commands WHERE position > 3');
    expect(await verifyLog(databaseUrl)).to.have.property('kind', 'intact');
    expect(await verifyLog(databaseUrl, [head])).to.include({ kind: 'broken', problem: 'TAIL_LOST', position: 4 });
  });

  it('finds another history in place of the one seen before', async () => {
    const another = { position: 4, hash: 'f'.repeat(64) };
    expect(await verifyLog(databaseUrl, [another])).to.include({ kind: 'broken', problem: 'REWRITTEN', position: 4 });
  });

  it('finds a command that is gone while its event is there', async () => {
    await tamper(`DELETE FROM commands WHERE command_id = 'c-2'`);
    expect(await verifyLog(databaseUrl)).to.include({ kind: 'broken', problem: 'UNPAIRED', position: 2 });
  });
});
