import { expect } from 'chai';
import { type Answer, decode, encode } from 'dns-packet';
import fc from 'fast-check';
import { type Query, readQuery } from '#libs/data-plane/dns/query.js';
import { answersQuestion, readAnswer, upstreamQuestion } from '#libs/data-plane/dns/upstream-message.js';

const ASKED = Buffer.from(
  encode({
    id: 99,
    flags: 0x100,
    questions: [{ name: 'wWw.example.com', type: 'A' }],
    additionals: [
      {
        type: 'OPT',
        name: '.',
        udpPayloadSize: 4096,
        extendedRcode: 0,
        ednsVersion: 0,
        flags: 0x8000,
        flag_do: true,
        options: [{ code: 12, length: 8 }],
      },
    ],
  }),
);

function read(packet: Buffer): Query {
  const query = readQuery(packet);
  if (query.kind !== 'query') throw new Error(query.kind);
  return query;
}

const QUERY = read(ASKED);
const QUESTION = upstreamQuestion(ASKED, QUERY, 0xbeef);

function answer(answers: Answer[], name = 'www.example.com', id = 0xbeef): Buffer {
  return Buffer.from(encode({ id, type: 'response', questions: [{ name, type: 'A' }], answers }));
}

describe('DNS upstream question', () => {
  it('has an id of its own, the question as spelled, our payload size, DO, and none of the options', () => {
    const sent = decode(QUESTION);
    expect(sent).to.deep.include({ id: 0xbeef, type: 'query', flag_rd: true });
    expect(sent.questions).to.deep.equal([{ name: 'wWw.example.com', type: 'A', class: 'IN' }]);
    expect(sent.additionals?.[0]).to.deep.include({ type: 'OPT', udpPayloadSize: 1232, flag_do: true, options: [] });
  });

  for (const [what, asked, sent] of [
    ['RD and CD', 0x0110, 0x0110],
    ['neither', 0x0000, 0x0000],
    ['AD and Z, which are left out', 0x0160, 0x0100],
  ] as const) {
    it(`passes on what the client asks of a resolver: ${what}`, () => {
      const packet = Buffer.from(ASKED);
      packet.writeUInt16BE(asked, 2);
      expect(upstreamQuestion(packet, QUERY, 1).readUInt16BE(2)).to.equal(sent);
    });
  }

  it('recognises its answer by id and question, whatever the case, and nothing else', () => {
    const recognised = (message: Buffer): boolean => answersQuestion(message, QUESTION, QUERY.questionEnd);
    expect(recognised(answer([]))).to.equal(true);
    expect(recognised(answer([], 'www.example.com', 0xbeee))).to.equal(false);
    expect(recognised(answer([], 'www.example.org'))).to.equal(false);
    expect(recognised(QUESTION)).to.equal(false);
    expect(recognised(answer([]).subarray(0, 20))).to.equal(false);
  });
});

describe('DNS upstream answer', () => {
  it('finds the addresses of A and AAAA wherever they stand', () => {
    const message = answer([
      { type: 'CNAME', name: 'www.example.com', data: 'cdn.example.net' },
      { type: 'A', name: 'cdn.example.net', data: '192.0.2.7' },
      { type: 'AAAA', name: 'cdn.example.net', data: '2001:db8::7' },
    ]);
    expect(readAnswer(message, QUERY.questionEnd)?.addresses).to.deep.equal(['192.0.2.7', '2001:db8:0:0:0:0:0:7']);
  });

  it('finds the address hints of an HTTPS record', () => {
    const hints = Buffer.from([0, 1, 0, 0, 4, 0, 4, 127, 77, 0, 1, 0, 6, 0, 16, ...Buffer.alloc(15), 1]);
    const record = Buffer.concat([Buffer.from([0xc0, 12, 0, 65, 0, 1, 0, 0, 0, 5, 0, hints.length]), hints]);
    const message = Buffer.concat([answer([]), record]);
    message.writeUInt16BE(1, 6);
    expect(readAnswer(message, QUERY.questionEnd)?.addresses).to.deep.equal(['127.77.0.1', '0:0:0:0:0:0:0:1']);
  });

  it('is refused when its counts do not fit its octets', () => {
    const message = answer([{ type: 'A', name: 'www.example.com', data: '192.0.2.7' }]);
    message.writeUInt16BE(0xffff, 8);
    expect(readAnswer(message, QUERY.questionEnd)).to.equal(null);
  });

  it('never throws, whatever follows the question', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(300), (bytes, records) => {
        const message = Buffer.concat([answer([]), bytes]);
        message.writeUInt16BE(records, 6);
        readAnswer(message, QUERY.questionEnd);
      }),
      { numRuns: 3_000 },
    );
  });
});
