import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import type { RunningStack } from './stack.js';

/** The stack's database, read past the control plane. */
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
