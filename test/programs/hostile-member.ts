import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type ClientHttp2Session, type ClientHttp2Stream, connect as connectHttp2, constants } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { connect as connectNats, type NatsConnection } from 'nats';
import { jwtAuthenticator } from '#libs/bus/nats-keys.js';
import { BUS_PROTOCOL } from '#libs/contracts/bus/protocol.js';
import type { HostileMemberSettings } from '#test/support/hostile-members.js';
import { inSpells } from './spells.js';

/**
 * A hostile member that the control plane has admitted: hostile-member.js FILE. With its real credentials it floods the
 * bus with well-formed messages about networks and sandboxes that do not exist, and an agent over the mesh with streams
 * that it resets at once.
 */
const settings: HostileMemberSettings = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));
const MESSAGES_A_TURN = 100;
const STREAMS_A_TURN = 500;
const CUT_OFF_PAUSE_MS = 5;
const NETWORKS_A_MESSAGE = 20;
const SANDBOXES = 2_000;

/** When it is cut off it reconnects at once, for ever. */
const connectBus = (): Promise<NatsConnection> =>
  connectNats({
    servers: settings.busServers as string[],
    inboxPrefix: settings.inbox,
    authenticator: jwtAuthenticator(settings.busJwt, Buffer.from(settings.nkeySeed)),
    reconnect: false,
  });

let isRunning = false;
const did = { connections: 0, messages: 0, streams: 0, sessions: 0 };

const unknownNetwork = () => ({
  networkId: randomUUID(),
  epoch: { counter: 1, id: 'nobody' },
  version: 7,
  hash: randomBytes(32).toString('hex'),
  signature: null,
});
const life = () => ({
  protocol: BUS_PROTOCOL,
  bootId: 'boot-evil',
  softwareVersion: '0.1.0',
  driver: 'static',
  mesh: { transport: 'direct', state: 'joined', code: null, message: null, endpoints: ['192.0.2.1:7443'] },
  networks: Array.from({ length: NETWORKS_A_MESSAGE }, unknownNetwork),
});
const acknowledgement = () => ({
  protocol: BUS_PROTOCOL,
  ...unknownNetwork(),
  from: null,
  to: 7,
  outcome: 'applied',
  code: null,
  message: null,
  aliasFailures: [],
  flowsCut: [],
  appliedAt: new Date().toISOString(),
});
const inventory = () => ({
  protocol: BUS_PROTOCOL,
  bootId: 'boot-evil',
  sequence: did.messages,
  driver: 'static',
  sandboxes: Array.from({ length: SANDBOXES }, (_, n) => ({
    sandboxId: `evil-${did.messages}-${n}`,
    address: '127.9.0.1',
    isolation: 'advisory',
    source: 'unverified',
    dns: 'active',
    dnsRemedy: null,
    namespace: null,
  })),
});
const MESSAGES: Readonly<Record<string, () => object>> = {
  heartbeat: () => ({ ...life(), acknowledgements: [] }),
  hello: life,
  applied: acknowledgement,
  inventory,
};
/** Prepared in advance, so that sending is the only work. */
const texts = settings.messages.flatMap((kind) =>
  Array.from({ length: kind === 'inventory' ? 1 : 30 }, () => [kind, JSON.stringify(MESSAGES[kind]?.())] as const),
);

let bus: NatsConnection | null = null;

async function flood(): Promise<void> {
  while (isRunning) {
    try {
      if (bus === null || bus.isClosed()) {
        did.connections += 1;
        bus = await connectBus();
      }
      for (let n = 0; n < MESSAGES_A_TURN; n += 1) {
        const [kind, text] = texts[did.messages % texts.length] ?? ['heartbeat', ''];
        bus.publish(`${settings.subject}.${kind}`, text, { reply: `${settings.inbox}.x.${did.messages}` });
        did.messages += 1;
      }
      // The flush of a connection that was cut never ends.
      await Promise.race([bus.flush(), bus.closed()]);
    } catch {
      await pause(CUT_OFF_PAUSE_MS);
    }
  }
}

const asked = {
  ':method': 'CONNECT',
  ':authority': 'peer',
  'gs-network': settings.networkId,
  'gs-alias': 'api',
  'gs-port': '8080',
  'gs-source': settings.source,
  'gs-version': '1',
};
let session: { readonly flooded: ClientHttp2Session; readonly gone: Promise<unknown> } | null = null;

function openSession(): NonNullable<typeof session> {
  did.sessions += 1;
  const [host = '', port = ''] = settings.meshEndpoint.split(':');
  const opened = connectHttp2('https://peer', {
    createConnection: () =>
      connectTls({
        socket: connectTcp(Number(port), host),
        ALPNProtocols: ['h2'],
        cert: settings.certificate,
        key: settings.meshPrivateKey,
        ca: settings.authority,
        checkServerIdentity: () => undefined,
      }).on('error', () => {}),
  });
  opened.on('error', () => {});
  const gone = new Promise<void>((resolve) =>
    opened.once('close', () => {
      session = null;
      resolve();
    }),
  );
  return { flooded: opened, gone };
}

async function resetStreams(): Promise<void> {
  while (isRunning) {
    session ??= openSession();
    const { flooded, gone } = session;
    if (flooded.connecting)
      await Promise.race([new Promise((settled) => flooded.once('remoteSettings', settled)), gone]);
    const streams: ClientHttp2Stream[] = [];
    for (let n = 0; n < STREAMS_A_TURN && !flooded.closed && !flooded.destroyed; n += 1) {
      did.streams += 1;
      const headers = { ...asked, 'gs-flow': randomBytes(16).toString('hex') };
      streams.push(flooded.request(headers, { endStream: false }).on('error', () => {}));
    }
    // Their headers are sent before the ping: an earlier reset would withdraw them.
    if (!flooded.destroyed) await Promise.race([new Promise((answered) => flooded.ping(answered)), gone]);
    for (const stream of streams) stream.close(constants.NGHTTP2_CANCEL);
    if (flooded.destroyed) await pause(CUT_OFF_PAUSE_MS);
  }
}

/** Running loops; one that still waits when it is halted continues by itself. */
const underWay = new Set<() => Promise<void>>();

function keepOn(loop: () => Promise<void>): void {
  if (underWay.has(loop)) return;
  underWay.add(loop);
  void loop().finally(() => underWay.delete(loop));
}

inSpells({
  go: () => {
    isRunning = true;
    keepOn(flood);
    keepOn(resetStreams);
  },
  halt: () => {
    isRunning = false;
    return did;
  },
});
