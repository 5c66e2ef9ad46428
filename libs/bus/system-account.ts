import { encodeUser, type KeyPair } from '@nats-io/jwt';
import type { NatsConnection } from 'nats';
import { createUser, jwtAuthenticator } from './nats-keys.js';
import { connectPaced } from './paced-connection.js';

const CONNECT_TIMEOUT_MS = 3_000;
/** Used at once and for one purpose. */
const CREDENTIAL_SECONDS = 60;

/** Runs the work over a new connection to the system account, which may publish on these subjects only. */
export async function asSystem<T>(
  account: KeyPair,
  servers: readonly string[],
  subjects: readonly string[],
  work: (connection: NatsConnection) => Promise<T>,
): Promise<T> {
  const user = createUser();
  const permissions = { pub: { allow: [...subjects] }, sub: { allow: ['_INBOX.>'] } };
  const exp = Math.floor(Date.now() / 1_000) + CREDENTIAL_SECONDS;
  const jwt = await encodeUser('control-plane', user, account, permissions, { exp });
  const connection = await connectPaced({
    servers: [...servers],
    reconnect: false,
    timeout: CONNECT_TIMEOUT_MS,
    authenticator: jwtAuthenticator(jwt, user.getSeed()),
  });
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}
