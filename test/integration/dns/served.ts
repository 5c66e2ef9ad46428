import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import type { SandboxId } from '#libs/contracts/ids.js';
import type { DnsLimits } from '#libs/data-plane/dns/limits.js';
import { DEFAULT_DNS_LIMITS } from '#libs/data-plane/dns/limits.js';
import { type DnsServerEvent, startDnsServer } from '#libs/data-plane/dns/server.js';
import type { DnsServer, DnsSettings, DnsZone } from '#libs/data-plane/dns/zone.js';
import { freePort } from '#test/support/ports.js';

export const ZONE: DnsZone = {
  revision: 3,
  serial: 3,
  networks: [
    { name: 'dev', records: [{ alias: 'api', address: '127.77.0.1', ports: [8080] }] },
    { name: 'prod', records: [{ alias: 'db', address: '127.77.0.2', ports: [5432] }] },
  ],
  clients: [
    { address: '127.0.0.1', sandboxId: 'sbx-web' as SandboxId, networks: ['dev'], complete: true },
    { address: '127.0.0.2', sandboxId: 'sbx-both' as SandboxId, networks: ['dev', 'prod'], complete: true },
  ],
};

/** A DNS server under test and what it reported. */
export interface Served {
  readonly server: DnsServer;
  readonly port: number;
  readonly events: DnsServerEvent[];
  /** Ends the worker thread like a crash, without telling the server. */
  killWorker(): Promise<void>;
}

export async function serve(
  settings: Partial<DnsSettings> = {},
  limits: Partial<DnsLimits> = {},
  zone: DnsZone = ZONE,
): Promise<Served> {
  const port = await freePort();
  const events: DnsServerEvent[] = [];
  const workers: Worker[] = [];
  const server = await startDnsServer(
    {
      listen: [`127.0.0.1:${port}`],
      upstreams: [],
      forbiddenRanges: ['127.77.0.0/16'],
      queriesPerSecondPerSource: 100_000,
      ...settings,
    },
    (event) => events.push(event),
    {
      limits: { ...DEFAULT_DNS_LIMITS, ...limits },
      startWorker: (workerData) => {
        const file = new URL('../../../libs/data-plane/dns/worker.js', import.meta.url);
        const worker = new Worker(file, { workerData });
        workers.push(worker);
        return worker;
      },
    },
  );
  await server.load(zone);
  return {
    server,
    port,
    events,
    async killWorker() {
      await workers.at(-1)?.terminate();
    },
  };
}

export interface DigResult {
  readonly status: string;
  readonly flags: readonly string[];
  /** `type data` of each record in the answer section. */
  readonly answers: readonly string[];
  readonly authority: readonly string[];
  readonly text: string;
}

const execute = promisify(execFile);

/** Runs the real dig; rejects if it gets no answer. */
export async function dig(port: number, ...args: string[]): Promise<DigResult> {
  const server = args.some((arg) => arg.startsWith('@')) ? [] : ['@127.0.0.1'];
  const { stdout: text } = await execute('dig', [...server, '-p', String(port), '+time=5', '+tries=1', ...args]);
  const section = (title: string): string[] => {
    const lines = new RegExp(`;; ${title} SECTION:\n((?:.+\n)*)`).exec(text)?.[1] ?? '';
    return lines
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split(/\s+/).slice(3).join(' '));
  };
  return {
    status: /status: ([A-Z]+)/.exec(text)?.[1] ?? '',
    flags: /flags: ([a-z ]*);/.exec(text)?.[1]?.split(' ') ?? [],
    answers: section('ANSWER'),
    authority: section('AUTHORITY'),
    text,
  };
}

/** Sends packets from one socket; resolves with the answers once there are `count`. */
export async function sendRaw(port: number, packets: readonly Buffer[], count: number): Promise<Buffer[]> {
  // Answers may arrive all at once after this process was not scheduled for a while.
  const socket = createSocket({ type: 'udp4', recvBufferSize: 4 << 20 });
  const answers: Buffer[] = [];
  try {
    socket.connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.on('message', (message) => answers.push(message));
    for (const packet of packets) socket.send(packet);
    while (answers.length < count) await once(socket, 'message', { signal: AbortSignal.timeout(5_000) });
    return answers;
  } finally {
    socket.close();
  }
}
