import { once } from 'node:events';
import { connect } from 'node:net';
import { byteRelay } from './byte-relay.js';
import { freshDatabase, query } from './postgres.js';

/** A Unix socket that leads to the tests' Postgres, so that a process in another network namespace can reach it. */
export interface DatabaseSocket {
  readonly path: string;
  readonly password: string;
  close(): Promise<void>;
}

/** With a database and a user of this name. */
export async function openDatabaseSocket(path: string, name: string): Promise<DatabaseSocket> {
  const url = await freshDatabase();
  const password = 'sesame';
  await query(url, `CREATE ROLE ${name} LOGIN PASSWORD '${password}'`);
  await query(url, `CREATE DATABASE ${name} OWNER ${name}`);
  const { hostname, port } = new URL(url);
  const server = byteRelay(() => connect(Number(port), hostname)).listen(path);
  await once(server, 'listening');
  return {
    path,
    password,
    async close() {
      server.close();
      await query(url, `DROP DATABASE ${name} WITH (FORCE)`);
      await query(url, `DROP ROLE ${name}`);
    },
  };
}
