import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { expect } from 'chai';
import { encode } from 'dns-packet';
import type { SandboxId } from '#libs/contracts/ids.js';
import type { DnsLimits } from '#libs/data-plane/dns/limits.js';
import { waitFor } from '#test/support/wait.js';
import { answerWith, type ScriptedResolver, startScripted } from './resolvers.js';
import { dig, type Served, serve, ZONE } from './served.js';

const SANDBOXES = 5;
const zone = {
  ...ZONE,
  clients: Array.from({ length: SANDBOXES }, (_, index) => ({
    address: `127.0.0.${index + 1}`,
    sandboxId: `sbx-${index + 1}` as SandboxId,
    networks: ['dev'],
    complete: true,
  })),
};

/** One sandbox: its socket, and the codes of the answers it got. */
interface Asker {
  ask(name: string, count: number): void;
  readonly rcodes: readonly number[];
  close(): void;
}

async function asker(port: number, address: string): Promise<Asker> {
  const socket: Socket = createSocket({ type: 'udp4', recvBufferSize: 4 << 20 }).bind(0, address);
  await once(socket, 'listening');
  const rcodes: number[] = [];
  socket.on('message', (message) => rcodes.push((message[3] ?? 0) & 0x0f));
  return {
    rcodes,
    ask(name, count) {
      for (let id = 0; id < count; id += 1) {
        const question = { id, flags: 0x100, questions: [{ name: `n${id}.${name}`, type: 'A' as const }] };
        socket.send(encode(question), port, '127.0.0.1');
      }
    },
    close: () => socket.close(),
  };
}

describe('DNS names outside the suffix, many at once', () => {
  let resolver: ScriptedResolver;
  let served: Served;
  const askers: Asker[] = [];
  async function begin(limits: Partial<DnsLimits> = {}): Promise<void> {
    // Names below `hang` get no answer, as when their servers are down; all others at once.
    resolver = await startScripted((question) =>
      question.questions?.[0]?.name.endsWith('hang') ? null : [answerWith(question, '192.0.2.1')],
    );
    served = await serve({ upstreams: [resolver.address] }, limits, zone);
  }
  async function sandbox(number: number): Promise<Asker> {
    const opened = await asker(served.port, `127.0.0.${number}`);
    askers.push(opened);
    return opened;
  }
  afterEach(async () => {
    for (const each of askers.splice(0)) each.close();
    await served.server.close();
    await resolver.stop();
  });

  it('are all answered: a thousand of one sandbox', async () => {
    await begin();
    const one = await sandbox(1);
    one.ask('example', 1_000);
    await waitFor('a thousand answers', () => one.rcodes.length === 1_000);
    expect(one.rcodes.filter((rcode) => rcode === 0)).to.have.length(1_000);
  });

  it('of four sandboxes that get no answer take nothing from a fifth', async () => {
    await begin({ upstreamTimeoutMs: 60_000, upstreamWaitMs: 60_000, upstreamAnswerMs: 60_000 });
    const hanging = await Promise.all([1, 2, 3, 4].map(sandbox));
    for (const each of hanging) each.ask('hang', 1_000);
    await waitFor('all that may be on their way are', () => resolver.asked.udp >= 256);
    const fifth = await sandbox(5);
    fifth.ask('example', 1_000);
    await waitFor('the fifth has its answers', () => fifth.rcodes.length === 1_000);
    expect(fifth.rcodes.filter((rcode) => rcode === 0)).to.have.length(1_000);
    expect(hanging.flatMap(({ rcodes }) => rcodes)).to.deep.equal([]);
  });

  it('are bounded: what has no room fails at once, what waits fails in time, and own names are answered', async () => {
    await begin({
      upstreamInFlight: { ofAll: 8, ofOne: 4, always: 1 },
      upstreamWaiting: { ofAll: 30, ofOne: 20, always: 1 },
      upstreamWaitMs: 500,
      upstreamTimeoutMs: 1_500,
    });
    const one = await sandbox(1);
    one.ask('hang', 40);
    await waitFor('those without room', () => one.rcodes.length >= 16);
    expect((await dig(served.port, 'api.dev.gstacks')).status).to.equal('NOERROR');
    await waitFor('those that waited, and those that were asked twice', () => one.rcodes.length === 40);
    expect(new Set(one.rcodes)).to.deep.equal(new Set([2]));
    expect(resolver.asked.udp).to.equal(8);
    const failed = await dig(served.port, '-b', '127.0.0.2', 'a.example');
    expect(failed.status).to.equal('NOERROR');
  });
});
