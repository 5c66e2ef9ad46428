import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectHttp2, constants } from 'node:http2';
import { connect as connectTls } from 'node:tls';
import type { StreamFlood } from './stream-flood.js';

const AT_ONCE = 500;

/** The process that floodStreams starts. */
const [flood] = (await once(process, 'message')) as [StreamFlood];
const { endpoint, credentials, headers, resets, mostStreams } = flood;
const { hostname: host, port } = new URL(`https://${endpoint}`);
const socket = connectTls({
  ...{ host, port: Number(port), ALPNProtocols: ['h2'], checkServerIdentity: () => undefined },
  ...{ cert: credentials.certificate, key: credentials.privateKey, ca: credentials.authority },
});
const session = connectHttp2('https://flood', { createConnection: () => socket });
session.on('error', () => undefined);
// A session with unanswered streams may outlive its connection without an event.
const gone = new Promise((resolve) => {
  session.once('close', resolve);
  socket.once('close', resolve);
});
await Promise.race([once(session, 'remoteSettings'), gone]);

let opened = 0;
while (opened < mostStreams && !session.closed && !session.destroyed && !socket.destroyed) {
  const streams = Array.from({ length: AT_ONCE }, () => {
    opened += 1;
    const flowId = randomBytes(16).toString('hex');
    return session.request({ ...headers, 'gs-flow': flowId }, { endStream: false }).on('error', () => undefined);
  });
  const ended = Promise.all(streams.map((stream) => new Promise((resolve) => stream.once('close', resolve))));
  for (const stream of streams) stream.on('response', () => stream.close());
  // Their headers are sent before the ping: an earlier reset would withdraw them.
  await Promise.race([new Promise((answered) => session.ping(answered)), gone]);
  if (resets) for (const stream of streams) stream.close(constants.NGHTTP2_CANCEL);
  // Streams of a session that is gone emit no end.
  await Promise.race([ended, gone]);
}
const wasEnded = session.closed || session.destroyed || socket.destroyed;
session.destroy();
process.send?.({ opened, wasEnded });
process.disconnect();
