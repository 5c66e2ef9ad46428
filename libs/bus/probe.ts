import type { BusCredentials } from './bus.js';
import { jwtAuthenticator } from './nats-keys.js';
import { connectPaced } from './paced-connection.js';

const CONNECT_WITHIN_MS = 3_000;

/**
 * Connects once with these credentials and closes at once. Resolves with the server's address. Errors: the
 * connection's.
 */
export async function probeBus(servers: readonly string[], { jwt, seed }: BusCredentials): Promise<string> {
  const connection = await connectPaced({
    servers: [...servers],
    name: 'doctor',
    reconnect: false,
    timeout: CONNECT_WITHIN_MS,
    authenticator: jwtAuthenticator(jwt, Buffer.from(seed)),
  });
  const server = connection.getServer();
  await connection.close();
  return server;
}
