import { expect } from 'chai';
import { Client } from 'pg';
import { createEventStore } from '#libs/event-store/postgres-event-store.js';
import { command } from '#test/support/commands.js';
import { freshDatabase } from '#test/support/postgres.js';

const INSERT_APPLIED = `
  INSERT INTO applied_log (agent_id, network_id, epoch_counter, epoch_id, from_version, to_version, hash, outcome,
    flows_cut, applied_at)
  VALUES ('host-a', 'n1', 1, 'e1', 3, 4, 'hash', 'applied', ARRAY['f1', 'f2'], '2026-01-31T10:20:30.120Z')`;

describe('the record', () => {
  let client: Client;

  before(async () => {
    const databaseUrl = await freshDatabase();
    const store = createEventStore({ databaseUrl, onConnectionError: () => {} });
    await store.execute(command());
    await store.close();
    client = new Client({ connectionString: databaseUrl });
    await client.connect();
    await client.query(INSERT_APPLIED);
  });

  after(() => client.end());

  for (const table of ['events', 'commands', 'applied_log']) {
    const changes = [
      `UPDATE ${table} SET ${table === 'applied_log' ? 'agent_id' : 'actor'} = 'somebody else'`,
      `DELETE FROM ${table}`,
      `TRUNCATE ${table}`,
    ];
    for (const change of changes) {
      for (const role of ['origin', 'replica']) {
        it(`refuses ${change.split(' ', 1)[0]} of ${table} in a session of role ${role}`, async () => {
          await client.query(`SET session_replication_role = ${role}`);
          const error = await client.query(change).catch((refusal: unknown) => refusal);
          expect(error).to.be.instanceOf(Error).and.have.property('message').that.contains('append-only');
          const { rows } = await client.query(`SELECT count(*)::int AS count FROM ${table}`);
          expect(rows).to.deep.equal([{ count: 1 }]);
        });
      }
    }
  }
});
