import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeUser } from '@nats-io/jwt';
import { connect } from 'nats';
import { createUser, fromSeed, jwtAuthenticator } from '#libs/bus/nats-keys.js';

export interface HeardMessage {
  readonly subject: string;
  readonly text: string;
}

/** Receives every message of the bus, as the owner of its account key could; sends nothing. */
export interface BusListener {
  readonly heard: readonly HeardMessage[];
  /** Resolves when `heard` contains everything that the server received before this call. */
  caughtUp(): Promise<void>;
  close(): Promise<void>;
}

export async function listenToBus(url: string, keysFolder: string): Promise<BusListener> {
  const account = fromSeed(readFileSync(join(keysFolder, 'nats-account.seed')).subarray(0, 58));
  const user = createUser();
  const jwt = await encodeUser('listener', user, account, {});
  const connection = await connect({
    servers: url,
    reconnect: false,
    authenticator: jwtAuthenticator(jwt, user.getSeed()),
  });
  const heard: HeardMessage[] = [];
  connection.subscribe('>', {
    callback: (_, message) => heard.push({ subject: message.subject, text: message.string() }),
  });
  await connection.flush();
  return { heard, caughtUp: () => connection.flush(), close: () => connection.close() };
}
