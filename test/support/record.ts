import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import type { RunningStack } from './stack.js';

/** The stack's database, read without the control plane. */
export async function withRecord<T>(stack: RunningStack, read: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: databaseUrl(stack) });
  await client.connect();
  try {
    return await read(client);
  } finally {
    await client.end();
  }
}

export function databaseUrl(stack: RunningStack): string {
  const password = readFileSync(join(stack.home, 'keys', 'postgres-password'), 'utf8').trim();
  const { ports }: { ports: { postgres: number } } = JSON.parse(readFileSync(join(stack.home, 'ready.json'), 'utf8'));
  return `postgres://globalstacks:${password}@127.0.0.1:${ports.postgres}/postgres`;
}

/** The id of the network with this name. */
export async function networkIdOf(stack: RunningStack, name: string): Promise<string> {
  const { rows } = await withRecord(stack, (client) =>
    client.query<{ stream_id: string }>(
      "SELECT stream_id FROM events WHERE type = 'NetworkCreated' AND data->>'name' = $1",
      [name],
    ),
  );
  const stream = rows.at(-1)?.stream_id;
  if (stream === undefined) throw new Error(`no event made a network ${name}`);
  return stream.slice('network-'.length);
}
