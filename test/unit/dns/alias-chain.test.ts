import { expect } from 'chai';
import { type Answer, decode, encode } from 'dns-packet';
import fc from 'fast-check';
import { chainReply, readAliasChain } from '#libs/data-plane/dns/alias-chain.js';
import { type Query, readQuery } from '#libs/data-plane/dns/query.js';
import { addressRecord, recordReply, writeReply } from '#libs/data-plane/dns/responses.js';

const cname = (name: string, data: string, ttl = 60): Answer => ({ type: 'CNAME', name, ttl, data });
const address = (name: string, data: string): Answer => ({ type: 'A', name, ttl: 60, data });

function asking(type: 'A' | 'AAAA' | 'CNAME' | 'ANY' = 'A'): { packet: Buffer; query: Query } {
  const packet = Buffer.from(encode({ id: 7, questions: [{ name: 'wWw.example.com', type: type as 'A' }] }));
  const query = readQuery(packet);
  if (query.kind !== 'query') throw new Error(query.kind);
  return { packet, query };
}

function answering(answers: Answer[], rcode = 0): Buffer {
  const questions = [{ name: 'www.example.com', type: 'A' as const }];
  return Buffer.from(encode({ id: 7, type: 'response', flags: rcode, questions, answers }));
}

/** `target, target` of each link; null: no chain to an alias. */
function chainOf(message: Buffer, type?: Parameters<typeof asking>[0]): string | null {
  const chain = readAliasChain(message, asking(type).query);
  if (chain === null) return null;
  const name = decode(chain.packet).questions?.[0]?.name;
  return `${chain.links.length} to ${name}`;
}

describe('a chain of CNAME records', () => {
  const loop = [cname('www.example.com', 'a.test'), cname('a.test', 'www.example.com')];
  const long = Array.from({ length: 20 }, (_, index) => cname(`n${index}.test`, `n${index + 1}.test`));
  const rows: readonly [what: string, answers: Answer[], chain: string | null][] = [
    ['no record', [], null],
    ['an address', [address('www.example.com', '192.0.2.1')], null],
    ['one link to an alias', [cname('www.example.com', 'api.dev.gstacks')], '1 to api.dev.gstacks'],
    ['one link in other case', [cname('WWW.example.COM', 'API.dev.GStacks')], '1 to API.dev.GStacks'],
    [
      'two links',
      [cname('www.example.com', 'cdn.example.net'), cname('cdn.example.net', 'api.dev.gstacks')],
      '2 to api.dev.gstacks',
    ],
    [
      'two links the other way round',
      [cname('cdn.example.net', 'api.dev.gstacks'), cname('www.example.com', 'cdn.example.net')],
      '2 to api.dev.gstacks',
    ],
    [
      'a link and an address that the outside gives the alias',
      [cname('www.example.com', 'api.dev.gstacks'), address('api.dev.gstacks', '198.51.100.1')],
      '1 to api.dev.gstacks',
    ],
    ['a link to the suffix itself', [cname('www.example.com', 'gstacks')], '1 to gstacks'],
    ['a link that leads elsewhere', [cname('www.example.com', 'api.dev.gstacks.test')], null],
    ['a link of another name', [cname('other.example.com', 'api.dev.gstacks')], null],
    ['a link to a longer last label', [cname('www.example.com', 'api.dev.notgstacks')], null],
    ['a loop', loop, null],
    ['too many links', [cname('www.example.com', 'n0.test'), ...long, cname('n20.test', 'api.dev.gstacks')], null],
  ];
  for (const [what, answers, chain] of rows) {
    it(`with ${what}: ${chain}`, () => {
      expect(chainOf(answering(answers))).to.equal(chain);
    });
  }

  it('is followed for any type but those that ask for the record itself', () => {
    const message = answering([cname('www.example.com', 'api.dev.gstacks')]);
    expect([chainOf(message, 'AAAA'), chainOf(message, 'CNAME'), chainOf(message, 'ANY')]).to.deep.equal([
      '1 to api.dev.gstacks',
      null,
      null,
    ]);
  });

  it('is read where names are compressed, and ends where pointers do not', () => {
    const head = answering([]);
    head.writeUInt16BE(1, 6);
    const record = (target: Buffer) =>
      Buffer.concat([head, Buffer.from([0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 60, 0, target.length]), target]);
    // api.dev, then a pointer to the data of this very record: it points forwards, or to itself.
    const dataStart = head.length + 12;
    expect(chainOf(record(Buffer.from('\x03api\x03dev\x07gstacks\0', 'latin1')))).to.equal('1 to api.dev.gstacks');
    expect(chainOf(record(Buffer.from([3, 0x61, 0x70, 0x69, 0xc0, dataStart])))).to.equal(null);
    expect(chainOf(record(Buffer.from([0xc0, dataStart])))).to.equal(null);
    expect(chainOf(record(Buffer.from([0xc0])))).to.equal(null);
    expect(chainOf(record(Buffer.from([63, 1, 2])))).to.equal(null);
  });

  it('is written with the records of the alias behind it, as dns-packet reads it', () => {
    const { packet, query } = asking();
    const answers = [cname('www.example.com', 'cdn.example.net', 300), cname('cdn.example.net', 'api.dev.gstacks')];
    const chain = readAliasChain(answering(answers, 3), query);
    if (chain === null) throw new Error('no chain');
    const record = addressRecord('127.77.0.1');
    const reply = chainReply(chain, recordReply(record, 0, record.length), query);
    const answer = decode(writeReply(packet, query.questionEnd, { payloadBytes: 1232, dnssecOk: false }, reply, true));
    expect([(answer.flags ?? 0) & 0x0f, answer.flag_aa]).to.deep.equal([0, false]);
    expect(answer.answers?.map((each) => 'data' in each && `${each.name} ${each.type} ${each.data}`)).to.deep.equal([
      'wWw.example.com CNAME cdn.example.net',
      'cdn.example.net CNAME api.dev.gstacks',
      'api.dev.gstacks A 127.77.0.1',
    ]);
  });

  it('never makes it throw, whatever follows the question', () => {
    const { query } = asking();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(20), (bytes, records) => {
        const message = Buffer.concat([answering([]), bytes]);
        message.writeUInt16BE(records, 6);
        readAliasChain(message, query);
      }),
      { numRuns: 3_000 },
    );
  });
});
