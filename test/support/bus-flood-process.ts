import { once } from 'node:events';
import { connect } from 'nats';
import { jwtAuthenticator } from '#libs/bus/nats-keys.js';
import type { Flood } from './bus-flood.js';

const BATCH = 200;

/** The process that floodBus starts. */
const [{ url, credentials, inboxPrefix, subject, message, seconds }] = (await once(process, 'message')) as [Flood];
const connection = await connect({
  servers: url,
  authenticator: jwtAuthenticator(credentials.jwt, Buffer.from(credentials.seed)),
  inboxPrefix,
  reconnect: false,
});
const cut = connection.closed();
const until = performance.now() + seconds * 1_000;
let sent = 0;
while (performance.now() < until && !connection.isClosed()) {
  for (let count = 0; count < BATCH; count += 1) {
    connection.publish(
      subject,
      message.replaceAll('NETWORK', () => crypto.randomUUID()),
      {
        reply: `${inboxPrefix}.${sent}`,
      },
    );
    sent += 1;
  }
  // The flush of a connection that was cut never ends.
  await Promise.race([connection.flush().catch(() => undefined), cut]);
}
const wasCut = connection.isClosed();
await connection.close();
process.send?.({ sent, wasCut });
process.disconnect();
