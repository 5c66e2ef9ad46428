import type { Client, QueryResultRow } from 'pg';
import { ChainWalk, type LogAnchor, type LogVerification } from '#libs/audit/chain-walk.js';
import { clientConfig, connectClient } from './connection.js';
import { copyRows } from './copy-rows.js';
import { parseChainedEvent } from './event-row.js';
import { EVENT_COLUMNS, UNPAIRED_COMMAND } from './sql.js';

/**
 * Walks the whole log in one snapshot: positions without a gap, each hash over the fields stored and the hash before,
 * each command with its events, and each anchor in its place. The events and the commands are read side by side, on two
 * connections. Errors: the database's.
 */
export async function verifyLog(databaseUrl: string, anchors: readonly LogAnchor[] = []): Promise<LogVerification> {
  const clients: Client[] = [];
  const begin = async (): Promise<Client> => {
    const client = await connectClient(clientConfig(databaseUrl, 'globalstacks verify'), () => {});
    clients.push(client);
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    return client;
  };
  try {
    const walking = await begin();
    const { rows } = await walking.query<{ readonly id: string }>('SELECT pg_export_snapshot() AS id');
    const pairing = await begin();
    await pairing.query(`SET TRANSACTION SNAPSHOT ${pairing.escapeLiteral(rows[0]?.id ?? '')}`);
    const [found, unpaired] = await Promise.all([walk(walking, anchors), firstUnpaired(pairing)]);
    return withCommands(found, unpaired);
  } finally {
    await Promise.all(clients.map((client) => client.end()));
  }
}

/** As verifyLog, in this client's transaction. */
export async function verifyLogOf(client: Client, anchors: readonly LogAnchor[]): Promise<LogVerification> {
  return withCommands(await walk(client, anchors), await firstUnpaired(client));
}

async function walk(client: Client, anchors: readonly LogAnchor[]): Promise<LogVerification> {
  const chain = new ChainWalk(anchors);
  await copyRows(client, `SELECT ${EVENT_COLUMNS} FROM events ORDER BY position`, (row) =>
    chain.next(parseChainedEvent(row)),
  );
  return chain.finish();
}

interface Unpaired {
  readonly command_id: string;
  readonly position: string;
  readonly expected: number;
  readonly found: number;
}

async function firstUnpaired(client: Client): Promise<Unpaired | undefined> {
  // A hash of each command and event: with the server's 4 MB it goes to disk in many parts.
  await client.query("SET LOCAL work_mem = '64MB'");
  return (await client.query<Unpaired & QueryResultRow>(UNPAIRED_COMMAND)).rows[0];
}

/** What is wrong with the chain comes first. */
function withCommands(found: LogVerification, unpaired: Unpaired | undefined): LogVerification {
  if (found.kind === 'broken' || unpaired === undefined) return found;
  const position = Number(unpaired.position);
  const end = found.head.position;
  return {
    kind: 'broken',
    problem: position > end ? 'TAIL_LOST' : 'UNPAIRED',
    position: Math.min(position, end + 1),
    detail: `command ${unpaired.command_id} wrote ${unpaired.expected} events, of which ${unpaired.found} are there`,
  };
}
