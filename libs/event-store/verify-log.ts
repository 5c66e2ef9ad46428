import type { Client } from 'pg';
import { clientConfig, connectClient } from './connection.js';
import { copyRows } from './copy-rows.js';
import { type EventRowText, parseHashedFields } from './event-row.js';
import { eventHash, GENESIS_HASH } from './hash-chain.js';
import { EVENT_COLUMNS, UNPAIRED_COMMAND } from './sql.js';

/** The log's end as somebody outside the database saw it: a tail that is gone shows only against this. */
export interface LogAnchor {
  readonly position: number;
  readonly hash: string;
}

export type LogProblem =
  /** An event's fields are not those that were hashed. */
  | 'CHANGED'
  /** A position is not there. */
  | 'MISSING'
  /** An event does not name the hash of the one before it. */
  | 'UNLINKED'
  /** The log ends before an event that is known to have been in it. */
  | 'TAIL_LOST'
  /** Another event stands where the anchor was. */
  | 'REWRITTEN'
  /** A command without its events, or an event without its command. */
  | 'UNPAIRED';

export type LogVerification =
  | { readonly kind: 'intact'; readonly head: LogAnchor }
  | {
      readonly kind: 'broken';
      readonly problem: LogProblem;
      /** Where the first problem is. */
      readonly position: number;
      readonly detail: string;
    };

/**
 * Walks the whole log in one snapshot: positions without a gap, each hash over the fields stored and the hash before,
 * each command with its events, and the anchor, when there is one, in its place. Errors: the database's.
 */
export async function verifyLog(databaseUrl: string, anchor: LogAnchor | null = null): Promise<LogVerification> {
  const client = await connectClient(clientConfig(databaseUrl, 'globalstacks verify'), () => {});
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    return await verifyLogOf(client, anchor);
  } finally {
    await client.end();
  }
}

/** As verifyLog, of what this client's transaction sees. */
export async function verifyLogOf(client: Client, anchor: LogAnchor | null): Promise<LogVerification> {
  const chain = new ChainWalk(anchor);
  await copyRows(client, `SELECT ${EVENT_COLUMNS} FROM events ORDER BY position`, (row) => chain.next(row));
  const found = chain.end();
  return found.kind === 'broken' ? found : ((await unpairedCommand(client, found.head)) ?? found);
}

/** Takes the events one by one, and remembers the first problem. */
class ChainWalk {
  private head: LogAnchor = { position: 0, hash: GENESIS_HASH };
  private broken: LogVerification | null = null;

  constructor(private readonly anchor: LogAnchor | null) {}

  next(row: EventRowText): void {
    if (this.broken !== null) return;
    const fields = parseHashedFields(row);
    const [previousHash, hash] = [row[12] ?? '', row[13] ?? ''];
    const expected = this.head.position + 1;
    if (fields.position !== expected) {
      this.report('MISSING', expected, `the next event is at ${fields.position}`);
    } else if (previousHash !== this.head.hash) {
      this.report('UNLINKED', expected, `names ${previousHash} before it, where ${this.head.hash} is`);
    } else if (eventHash(previousHash, fields) !== hash) {
      this.report('CHANGED', expected, `${fields.type} of ${fields.streamId} is not what was hashed`);
    } else if (this.anchor?.position === expected && this.anchor.hash !== hash) {
      this.report('REWRITTEN', expected, `has hash ${hash}, where ${this.anchor.hash} was seen`);
    }
    this.head = { position: fields.position, hash };
  }

  end(): LogVerification {
    const lost = this.anchor !== null && this.anchor.position > this.head.position;
    if (lost) this.report('TAIL_LOST', this.head.position + 1, `position ${this.anchor?.position} was seen before`);
    return this.broken ?? { kind: 'intact', head: this.head };
  }

  private report(problem: LogProblem, position: number, detail: string): void {
    this.broken ??= { kind: 'broken', problem, position, detail };
  }
}

async function unpairedCommand(client: Client, head: LogAnchor): Promise<LogVerification | null> {
  const { rows } = await client.query<{ command_id: string; position: string; expected: number; found: number }>(
    UNPAIRED_COMMAND,
  );
  const row = rows[0];
  if (row === undefined) return null;
  const position = Number(row.position);
  return {
    kind: 'broken',
    problem: position > head.position ? 'TAIL_LOST' : 'UNPAIRED',
    position: Math.min(position, head.position + 1),
    detail: `command ${row.command_id} wrote ${row.expected} events, of which ${row.found} are there`,
  };
}
