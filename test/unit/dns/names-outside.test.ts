import { expect } from 'chai';
import { decode, encode } from 'dns-packet';
import { countIn, createCounterMemory } from '#libs/data-plane/dns/counters.js';
import { forbiddenBlocks } from '#libs/data-plane/dns/forbidden-ranges.js';
import { createHandler } from '#libs/data-plane/dns/handler.js';
import { type OutsideAnswer, OutsideAnswers } from '#libs/data-plane/dns/outside-answers.js';
import { createRateLimit } from '#libs/data-plane/dns/rate-limit.js';
import { createReverseNames } from '#libs/data-plane/dns/reverse-names.js';
import type { DnsZone } from '#libs/data-plane/dns/zone.js';
import { indexZone } from '#libs/data-plane/dns/zone-index.js';
import { RCODES, ZONE } from './asked-zone.js';

const WITH_RULES = '10.0.0.1';
const WITHOUT_RULES = '10.0.0.2';
const NOT_COMPLETE = '10.0.0.4';

/** A handler with a scripted main thread, and the names that it was asked for. */
class Asked {
  readonly names: string[] = [];
  readonly denied: string[] = [];
  answers: (name: string) => OutsideAnswer = () => ({ kind: 'address', address: '10.77.0.9' });
  nowMs = 0;
  private index = indexZone(this.zone(1), 1);
  private readonly handler = createHandler({
    outside: new OutsideAnswers(
      async (name) => {
        this.names.push(name);
        return this.answers(name);
      },
      () => this.nowMs,
      7,
    ),
    zone: () => this.index,
    upstream: null,
    denied: (source, name) => void this.denied.push(`${source} ${name}`),
    reverseNames: createReverseNames(forbiddenBlocks([])),
    rateLimit: createRateLimit(1_000_000, 100),
    count: countIn(createCounterMemory()),
    now: () => 0,
  });

  private zone(revision: number): DnsZone {
    const clients = ZONE.clients.map((client) => (client.address === WITH_RULES ? { ...client, patterns: 0 } : client));
    return { ...ZONE, revision, clients, patternSets: [['a.example.com', '*.wild.example.com']] };
  }

  newZone(): void {
    this.index = indexZone(this.zone(this.index.revision + 1), 1);
  }

  async ask(name: string, type = 'A', source = WITH_RULES): Promise<string> {
    const packet = encode({ id: 7, type: 'query', flags: 0x100, questions: [{ name, type: type as 'A' }] });
    const answer = await this.handler.handle(packet, source, 'udp');
    if (answer === null) throw new Error('no answer');
    const { answers = [] } = decode(answer);
    const data = answers.map((record) => ('data' in record ? String(record.data) : '')).join(', ');
    return `${RCODES[(answer[3] ?? 0) & 15]} ${data}`.trim();
  }
}

describe('DNS answers about names outside', () => {
  for (const [name, type, source, expected] of [
    ['a.example.com', 'A', WITH_RULES, 'NOERROR 10.77.0.9'],
    ['A.eXample.COM', 'A', WITH_RULES, 'NOERROR 10.77.0.9'],
    ['a.example.com', 'ANY', WITH_RULES, 'NOERROR 10.77.0.9'],
    ['a.example.com', 'AAAA', WITH_RULES, 'NOERROR'],
    ['a.example.com', 'TXT', WITH_RULES, 'NOERROR'],
    ['x.y.wild.example.com', 'A', WITH_RULES, 'NOERROR 10.77.0.9'],
    ['wild.example.com', 'A', WITH_RULES, 'NXDOMAIN'],
    ['b.example.com', 'A', WITH_RULES, 'NXDOMAIN'],
    ['b.example.com', 'TXT', WITH_RULES, 'NXDOMAIN'],
    ['a.example.com', 'A', WITHOUT_RULES, 'NXDOMAIN'],
    ['a.example.com', 'A', NOT_COMPLETE, 'SERVFAIL'],
    ['api.dev.gstacks', 'A', WITH_RULES, 'NOERROR 127.77.0.1'],
  ] as const) {
    it(`${name} ${type} for ${source} is ${expected}`, async () => {
      const asked = new Asked();
      expect(await asked.ask(name, type, source)).to.equal(expected);
      const isCovered = source === WITH_RULES && /^(a|x\.y\.wild)\.example\.com$/i.test(name);
      expect(asked.names).to.deep.equal(isCovered ? [name.toLowerCase()] : []);
      const isDenied = expected === 'NXDOMAIN';
      expect(asked.denied).to.deep.equal(isDenied ? [`${source} ${name.toLowerCase()}`] : []);
    });
  }

  it('are what the main thread says: a denied name does not exist, one without an address fails', async () => {
    const asked = new Asked();
    asked.answers = (name) => ({ kind: name.startsWith('x') ? 'absent' : 'failed' });
    expect(await asked.ask('x.wild.example.com')).to.equal('NXDOMAIN');
    expect(await asked.ask('y.wild.example.com')).to.equal('SERVFAIL');
    expect(asked.denied).to.deep.equal([`${WITH_RULES} x.wild.example.com`]);
  });

  it('are kept no longer than the zone, failures not at all', async () => {
    const asked = new Asked();
    for (let times = 0; times < 3; times += 1) await asked.ask('a.example.com');
    expect(asked.names).to.have.length(1);
    asked.newZone();
    await asked.ask('a.example.com');
    expect(asked.names).to.have.length(2);
    asked.answers = () => ({ kind: 'failed' });
    for (let times = 0; times < 3; times += 1) await asked.ask('b.wild.example.com');
    expect(asked.names).to.have.length(5);
  });

  it('of the last minute are given at once while the main thread is asked again, older ones are not given', async () => {
    const asked = new Asked();
    await asked.ask('A.example.com');
    asked.answers = () => ({ kind: 'address', address: '10.77.0.10' });
    asked.nowMs = 60_000;
    expect(await asked.ask('a.eXample.com')).to.equal('NOERROR 10.77.0.9');
    expect(asked.names).to.have.length(2);
    expect(await asked.ask('a.example.com')).to.equal('NOERROR 10.77.0.10');
    expect(asked.names).to.have.length(2);
    asked.nowMs = 180_000;
    asked.answers = () => ({ kind: 'address', address: '10.77.0.11' });
    expect(await asked.ask('a.example.com')).to.equal('NOERROR 10.77.0.11');
    expect(asked.names).to.have.length(3);
  });

  it('of the last minute stay while the main thread fails, and go when it denies the name', async () => {
    const asked = new Asked();
    await asked.ask('a.example.com');
    asked.nowMs = 60_000;
    asked.answers = () => ({ kind: 'failed' });
    for (let times = 0; times < 2; times += 1) {
      expect(await asked.ask('a.example.com')).to.equal('NOERROR 10.77.0.9');
    }
    asked.answers = () => ({ kind: 'absent' });
    await asked.ask('a.example.com');
    expect(await asked.ask('a.example.com')).to.equal('NXDOMAIN');
    expect(asked.denied).to.deep.equal([`${WITH_RULES} a.example.com`]);
  });

  it('are asked for once by all who wait, and an answer of an older zone is not kept', async () => {
    const asked = new Asked();
    const both = [asked.ask('a.example.com'), asked.ask('A.example.com')];
    expect(asked.names).to.have.length(1);
    asked.newZone();
    expect(await asked.ask('b.wild.example.com')).to.equal('NOERROR 10.77.0.9');
    expect(await Promise.all(both)).to.deep.equal(['NOERROR 10.77.0.9', 'NOERROR 10.77.0.9']);
    await asked.ask('a.example.com');
    expect(asked.names).to.deep.equal(['a.example.com', 'b.wild.example.com', 'a.example.com']);
  });

  it('of the last minute are asked for again at most 32 at once and 400 a second', async () => {
    const asked = new Asked();
    const names = Array.from({ length: 500 }, (_, index) => `n${index}.wild.example.com`);
    for (const name of names) await asked.ask(name);
    asked.names.length = 0;
    asked.nowMs = 60_000;
    for (const name of names) await asked.ask(name);
    expect(asked.names).to.have.length(32);
    asked.nowMs += 50;
    for (const name of names) await asked.ask(name);
    expect(asked.names).to.have.length(52);
  });
});
