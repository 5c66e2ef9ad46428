import type { ChainedEvent } from '#libs/audit/chain-walk.js';
import { clientConfig, connectClient } from './connection.js';
import { copyRows } from './copy-rows.js';
import { parseChainedEvent } from './event-row.js';
import { EVENT_COLUMNS } from './sql.js';

const READ_AT_ONCE = 1_000;

/**
 * The whole log as it is stored, in one snapshot, some events at a time and in order: no faster than they are taken.
 * Errors: the database's.
 */
export async function* readChained(databaseUrl: string): AsyncGenerator<readonly ChainedEvent[]> {
  const client = await connectClient(clientConfig(databaseUrl, 'globalstacks export'), () => {});
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    let after = 0;
    for (;;) {
      const events: ChainedEvent[] = [];
      const page = `SELECT ${EVENT_COLUMNS} FROM events WHERE position > ${after} ORDER BY position LIMIT ${READ_AT_ONCE}`;
      await copyRows(client, page, (row) => events.push(parseChainedEvent(row)));
      const last = events.at(-1);
      if (last === undefined) return;
      after = last.position;
      yield events;
    }
  } finally {
    await client.end();
  }
}
