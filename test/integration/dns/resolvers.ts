import { spawn } from 'node:child_process';
import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { decode, encode, type Packet } from 'dns-packet';
import type { DnsLimits } from '#libs/data-plane/dns/limits.js';
import { freePort } from '#test/support/ports.js';
import { waitFor } from '#test/support/wait.js';
import { dig, type Served, serve } from './served.js';

export interface Resolver {
  readonly address: string;
  readonly port: number;
  stop(): Promise<void>;
}

/** A real dnsmasq that knows only the names in its arguments. */
export async function startDnsmasq(...args: string[]): Promise<Resolver> {
  const port = await freePort();
  const fixed = ['--keep-in-foreground', '--conf-file=/dev/null', '--pid-file', '--no-resolv', '--no-hosts'];
  const child = spawn(
    'dnsmasq',
    [...fixed, `--port=${port}`, '--listen-address=127.0.0.1', '--bind-interfaces', '--user=', ...args],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const complaints: Buffer[] = [];
  child.stderr.on('data', (bytes) => complaints.push(bytes));
  const failure = once(child, 'error').then(([error]) => Promise.reject(error));
  const ready = waitFor('dnsmasq answers', async () => {
    if (child.exitCode !== null) throw new Error(`dnsmasq ended: ${Buffer.concat(complaints)}`);
    return dig(port, '+time=1', 'ready.test').then(
      () => true,
      () => false,
    );
  });
  await Promise.race([ready, failure]);
  return {
    address: `127.0.0.1:${port}`,
    port,
    async stop() {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

export interface ScriptedResolver extends Resolver {
  /** How many queries came over UDP and over TCP, and how many probes, which ask for the root. */
  readonly asked: { udp: number; tcp: number; probes: number };
}

/** A script's answer to a query; null: none. */
export type Script = (
  question: Packet,
  transport: 'udp' | 'tcp',
) => readonly Buffer[] | null | Promise<readonly Buffer[]>;

/** A resolver on real sockets that misbehaves as scripted: slow, silent, or answering another question. */
export async function startScripted(script: Script): Promise<ScriptedResolver> {
  const port = await freePort();
  const asked = { udp: 0, tcp: 0, probes: 0 };
  const udp = createSocket('udp4');
  udp.on('message', async (message: Buffer, client: RemoteInfo) => {
    const question = decode(message);
    if (question.questions?.[0]?.name === '.') asked.probes += 1;
    else asked.udp += 1;
    for (const answer of (await script(question, 'udp')) ?? []) udp.send(answer, client.port, client.address);
  });
  const open = new Set<Socket>();
  const tcp = createServer((socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => {});
    socket.on('data', async (chunk) => {
      asked.tcp += 1;
      for (const answer of (await script(decode(chunk.subarray(2)), 'tcp')) ?? []) {
        socket.write(Buffer.concat([Buffer.of(answer.length >> 8, answer.length & 0xff), answer]));
      }
    });
  });
  udp.bind(port, '127.0.0.1');
  tcp.listen(port, '127.0.0.1');
  await Promise.all([once(udp, 'listening'), once(tcp, 'listening')]);
  return {
    address: `127.0.0.1:${port}`,
    port,
    asked,
    async stop() {
      const ended = Promise.all([once(udp, 'close'), once(tcp, 'close')]);
      udp.close();
      tcp.close();
      for (const socket of open) socket.destroy();
      await ended;
    },
  };
}

/** Scripted resolvers for the tests of one group, and a server that uses them; both end after each test. */
export function servedBehind() {
  const resolvers: Resolver[] = [];
  let served: Served | null = null;
  afterEach(async () => {
    await served?.server.close();
    served = null;
    for (const resolver of resolvers.splice(0)) await resolver.stop();
  });
  return {
    async scripted(script: Script): Promise<ScriptedResolver> {
      const resolver = await startScripted(script);
      resolvers.push(resolver);
      return resolver;
    },
    async serveWith(upstreams: readonly string[], limits: Partial<DnsLimits>): Promise<Served> {
      served = await serve({ upstreams }, limits);
      return served;
    },
  };
}

/** An answer to this query, with addresses. */
export function answerWith(question: Packet, ...addresses: string[]): Buffer {
  const name = question.questions?.[0]?.name ?? '.';
  return Buffer.from(
    encode({
      id: question.id ?? 0,
      type: 'response',
      questions: question.questions ?? [],
      answers: addresses.map((data) => ({ type: 'A' as const, name, ttl: 60, data })),
    }),
  );
}

/** The message with another response code. */
export function withRcode(message: Buffer, rcode: number): Buffer {
  message[3] = ((message[3] ?? 0) & 0xf0) | rcode;
  return message;
}
