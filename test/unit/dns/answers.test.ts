import { expect } from 'chai';
import { encode } from 'dns-packet';
import { EMPTY_ZONE, indexZone } from '#libs/data-plane/dns/zone-index.js';
import { answerTo, ask, RCODES, say, serve, ZONE } from './asked-zone.js';

describe('DNS answers', () => {
  const rows: readonly [
    client: string,
    name: string,
    type: string,
    rcode: string,
    answers: string,
    authority: string,
  ][] = [
    ['10.0.0.1', 'api.dev.gstacks', 'A', 'NOERROR', 'api.dev.gstacks 5 A 127.77.0.1', ''],
    ['10.0.0.1', 'API.Dev.gStacks', 'A', 'NOERROR', 'API.Dev.gStacks 5 A 127.77.0.1', ''],
    ['10.0.0.1', 'api.dev.gstacks', 'AAAA', 'NOERROR', '', 'dev.gstacks 1 SOA'],
    ['10.0.0.1', 'six.dev.gstacks', 'AAAA', 'NOERROR', 'six.dev.gstacks 5 AAAA fd00::6', ''],
    ['10.0.0.1', 'six.dev.gstacks', 'A', 'NOERROR', '', 'dev.gstacks 1 SOA'],
    ['10.0.0.1', 'api.dev.gstacks', 'MX', 'NOERROR', '', 'dev.gstacks 1 SOA'],
    ['10.0.0.1', 'api.dev.gstacks', 'ANY', 'NOERROR', 'api.dev.gstacks 5 A 127.77.0.1', ''],
    ['10.0.0.1', 'none.dev.gstacks', 'A', 'NXDOMAIN', '', 'dev.gstacks 1 SOA'],
    ['10.0.0.1', 'shut.dev.gstacks', 'A', 'SERVFAIL', '', ''],
    ['10.0.0.1', '_8080._tcp.shut.dev.gstacks', 'SRV', 'SERVFAIL', '', ''],
    ['10.0.0.2', 'shut.dev.gstacks', 'A', 'NXDOMAIN', '', 'gstacks 1 SOA'],
    ['10.0.0.1', 'x.api.dev.gstacks', 'A', 'NXDOMAIN', '', 'dev.gstacks 1 SOA'],
    ['10.0.0.1', 'dev.gstacks', 'A', 'NOERROR', '', 'dev.gstacks 1 SOA'],
    ['10.0.0.1', 'dev.gstacks', 'SOA', 'NOERROR', 'dev.gstacks 1 SOA', ''],
    ['10.0.0.1', 'dev.gstacks', 'NS', 'NOERROR', 'dev.gstacks 5 NS dev.gstacks', ''],
    ['10.0.0.1', 'gstacks', 'SOA', 'NOERROR', 'gstacks 1 SOA', ''],
    ['10.0.0.1', 'gstacks', 'NS', 'NOERROR', 'gstacks 5 NS gstacks', ''],
    ['10.0.0.1', 'gstacks', 'A', 'NOERROR', '', 'gstacks 1 SOA'],
    ['10.0.0.1', 'api.prod.gstacks', 'A', 'NXDOMAIN', '', 'gstacks 1 SOA'],
    ['10.0.0.1', 'prod.gstacks', 'SOA', 'NXDOMAIN', '', 'gstacks 1 SOA'],
    ['10.0.0.1', 'api.nowhere.gstacks', 'A', 'NXDOMAIN', '', 'gstacks 1 SOA'],
    ['10.0.0.3', 'api.prod.gstacks', 'A', 'NOERROR', 'api.prod.gstacks 5 A 127.77.0.9', ''],
    ['10.0.0.2', 'api.dev.gstacks', 'A', 'NXDOMAIN', '', 'gstacks 1 SOA'],
    ['10.0.0.4', 'api.dev.gstacks', 'A', 'NOERROR', 'api.dev.gstacks 5 A 127.77.0.1', ''],
    ['10.0.0.4', 'none.dev.gstacks', 'A', 'NXDOMAIN', '', 'dev.gstacks 1 SOA'],
    ['10.0.0.4', 'api.prod.gstacks', 'A', 'SERVFAIL', '', ''],
    ['10.0.0.4', 'prod.gstacks', 'SOA', 'SERVFAIL', '', ''],
    ['10.0.0.4', 'api.nowhere.gstacks', 'A', 'SERVFAIL', '', ''],
    ['10.0.0.4', 'gstacks', 'A', 'NOERROR', '', 'gstacks 1 SOA'],
    ['10.0.0.9', 'api.dev.gstacks', 'A', 'REFUSED', '', ''],
    ['10.0.0.9', 'gstacks', 'SOA', 'REFUSED', '', ''],
    // Outside names, without a resolver to ask: we do not know them, and the answer must not be cached.
    ['10.0.0.1', 'example.com', 'A', 'NXDOMAIN', '', ''],
    ['10.0.0.1', 'notgstacks', 'A', 'NXDOMAIN', '', ''],
    ['10.0.0.1', 'gstacks.example.com', 'A', 'NXDOMAIN', '', ''],
    ['10.0.0.1', 'api.dev.gstacks.svc.cluster.local', 'A', 'NXDOMAIN', '', ''],
    ['10.0.0.1', '.', 'NS', 'NOERROR', '', ''],
    ['10.0.0.9', 'example.com', 'A', 'REFUSED', '', ''],
    ['10.0.0.1', 'dev.gstacks', 'AXFR', 'REFUSED', '', ''],
  ];
  const served = serve(ZONE);
  for (const [client, name, type, rcode, answers, authority] of rows) {
    it(`${client} asks ${name} ${type}: ${rcode} ${answers || authority}`, () => {
      const answer = ask(served, name, type, client);
      expect({
        id: answer.id,
        question: answer.questions?.map((question) => `${question.name} ${question.type}`),
        rcode: RCODES[(answer.flags ?? 0) & 0x0f],
        authoritative: answer.flag_aa,
        recursion: [answer.flag_rd, answer.flag_ra],
        answers: say(answer.answers),
        authority: say(answer.authorities),
      }).to.deep.equal({
        id: 4711,
        question: [`${name} ${type}`],
        rcode,
        authoritative: answers !== '' || authority !== '',
        recursion: [true, false],
        answers,
        authority,
      });
    });
  }

  // RFC 1035 section 4.1.1: opcode and RD are copied from the query; RFC 4035 section 3.1.6: CD is copied, AD is not
  // set.
  for (const [what, asked, answered] of [
    ['nothing', 0x0000, 0x8400],
    ['RD', 0x0100, 0x8500],
    ['CD', 0x0010, 0x8410],
    ['RD and CD', 0x0110, 0x8510],
    ['AD', 0x0020, 0x8400],
    ['AA, RA and an rcode, which are not for queries', 0x0483, 0x8400],
  ] as const) {
    it(`echo of what a query asks for only what it may: ${what}`, () => {
      const packet = encode({ id: 1, questions: [{ name: 'api.dev.gstacks', type: 'A' }] });
      packet.writeUInt16BE(asked, 2);
      expect(answerTo(served, packet, '10.0.0.1')?.readUInt16BE(2)).to.equal(answered);
    });
  }

  it('answers for a foreign network exactly as for an absent one', () => {
    const foreign = encode({ id: 1, questions: [{ name: 'api.prod.gstacks', type: 'A' }] });
    const absent = encode({ id: 1, questions: [{ name: 'api.qrod.gstacks', type: 'A' }] });
    const [one, other] = [answerTo(served, foreign, '10.0.0.1'), answerTo(served, absent, '10.0.0.1')];
    expect(one?.toString('latin1').replace('prod', 'qrod')).to.equal(other?.toString('latin1'));
  });

  it('is silent before there is a zone, and refuses once there is one without clients', () => {
    const packet = encode({ id: 1, questions: [{ name: 'api.dev.gstacks', type: 'A' }] });
    expect(answerTo(serve(EMPTY_ZONE), packet, '10.0.0.1')).to.equal(null);
    const empty = serve({ ...EMPTY_ZONE, revision: 1 });
    expect((ask(empty, 'api.dev.gstacks', 'A', '10.0.0.1').flags ?? 0) & 0x0f).to.equal(5);
    expect(empty.counters()).to.include({ queries: 1, refused: 1 });
  });

  it('is silent to a source above its rate, and counts it', () => {
    const slow = serve(ZONE, 1);
    const packet = encode({ id: 1, questions: [{ name: 'api.dev.gstacks', type: 'A' }] });
    const answered = [1, 2, 3, 4].map(() => answerTo(slow, packet, '10.0.0.1') !== null);
    expect(answered).to.deep.equal([true, true, false, false]);
    expect(answerTo(slow, packet, '10.0.0.3')).to.not.equal(null);
    expect(slow.counters()).to.include({ queries: 5, rateLimited: 2 });
  });

  for (const [what, networks] of [
    ['an alias that is no label', [{ name: 'dev', records: [{ alias: 'a.b', address: '127.0.0.1', ports: [] }] }]],
    ['an address that is none', [{ name: 'dev', records: [{ alias: 'a', address: 'localhost', ports: [] }] }]],
    ['a network that is no label', [{ name: 'd ev', records: [] }]],
  ] as const) {
    it(`does not take a zone with ${what}`, () => {
      expect(() => indexZone({ ...ZONE, networks }, 1)).to.throw(/is not valid/);
    });
  }
});
