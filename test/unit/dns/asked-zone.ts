import { expect } from 'chai';
import { type Answer, decode, encode, type Packet } from 'dns-packet';
import type { SandboxId } from '#libs/contracts/ids.js';
import { countIn, createCounterMemory, readCounters } from '#libs/data-plane/dns/counters.js';
import { forbiddenBlocks } from '#libs/data-plane/dns/forbidden-ranges.js';
import { createHandler, type Handler } from '#libs/data-plane/dns/handler.js';
import { createRateLimit } from '#libs/data-plane/dns/rate-limit.js';
import { createReverseNames } from '#libs/data-plane/dns/reverse-names.js';
import type { DnsCounters, DnsZone } from '#libs/data-plane/dns/zone.js';
import { indexZone, type ZoneIndex } from '#libs/data-plane/dns/zone-index.js';

export const ZONE: DnsZone = {
  revision: 4,
  serial: 7,
  networks: [
    {
      name: 'dev',
      records: [
        { alias: 'api', address: '127.77.0.1', ports: [8080] },
        { alias: 'six', address: 'fd00::6', ports: [8080] },
        { alias: 'many', address: '127.77.0.3', ports: [80, 443, 65535] },
      ],
      unserved: ['shut'],
    },
    { name: 'prod', records: [{ alias: 'api', address: '127.77.0.9', ports: [8080] }] },
  ],
  clients: [
    { address: '10.0.0.1', sandboxId: 'sbx-dev' as SandboxId, networks: ['dev'], complete: true },
    { address: '10.0.0.2', sandboxId: 'sbx-none' as SandboxId, networks: [], complete: true },
    { address: '10.0.0.3', sandboxId: 'sbx-both' as SandboxId, networks: ['dev', 'prod'], complete: true },
    { address: '10.0.0.4', sandboxId: 'sbx-new' as SandboxId, networks: ['dev'], complete: false },
  ],
};

/** A handler under test. */
export interface Served {
  readonly handler: Handler;
  readonly counters: () => DnsCounters;
}

export function serve(zone: DnsZone, queriesPerSecond = 1_000_000): Served {
  const index = indexZone(zone, 1);
  return serveIndex(() => index, queriesPerSecond);
}

export function serveIndex(index: () => ZoneIndex, queriesPerSecond = 1_000_000): Served {
  const memory = createCounterMemory();
  const handler = createHandler({
    outside: null,
    zone: index,
    upstream: null,
    denied: () => {},
    reverseNames: createReverseNames(forbiddenBlocks(['127.77.0.0/16', 'fd00::/64'])),
    rateLimit: createRateLimit(queriesPerSecond, 100),
    count: countIn(memory),
    now: () => 0,
  });
  return { handler, counters: () => readCounters(memory) };
}

export function answerTo(served: Served, packet: Buffer, source: string): Buffer | null {
  const answer = served.handler.handle(packet, source, 'udp');
  if (answer instanceof Promise) throw new Error('an answer without upstreams is known at once');
  return answer;
}

const RECURSION_DESIRED = 0x100;

export function ask(served: Served, name: string, type: string, source: string) {
  const packet: Packet = {
    id: 4711,
    type: 'query',
    flags: RECURSION_DESIRED,
    questions: [{ name, type: type as 'A' }],
  };
  const answer = answerTo(served, encode(packet), source);
  if (answer === null) throw new Error('no answer');
  return decode(answer);
}

export const RCODES = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'];

/** `owner ttl type data` of each record. */
export function say(records: readonly Answer[] | undefined): string {
  return (records ?? [])
    .map((record) => {
      const data = dataOf(record);
      const text = typeof data === 'string' ? data : JSON.stringify(data);
      const ttl = 'ttl' in record ? record.ttl : null;
      return record.type === 'SOA' ? `${record.name} ${ttl} SOA` : `${record.name} ${ttl} ${record.type} ${text}`;
    })
    .join(', ');
}

/** TXT data comes as octets, in one piece or several. */
function dataOf(record: Answer): unknown {
  if (record.type === 'TXT') return [record.data].flat().map(String);
  return 'data' in record ? record.data : null;
}

export interface Asked {
  /** The address that the query comes from. */
  readonly client: string;
  readonly name: string;
  readonly type: string;
  readonly rcode: string;
  /** In the form of `say`: the answers, then the authorities. */
  readonly records: string;
}

export function expectAnswer(served: Served, { client, name, type, rcode, records }: Asked): void {
  const answer = ask(served, name, type, client);
  expect([
    RCODES[(answer.flags ?? 0) & 0x0f],
    say([...(answer.answers ?? []), ...(answer.authorities ?? [])]),
  ]).to.deep.equal([rcode, records]);
}
