import { expect } from 'chai';
import { encode, type Packet } from 'dns-packet';
import { freePort } from '#test/support/ports.js';
import { answerWith, servedBehind, withRcode } from './resolvers.js';
import { dig, sendRaw } from './served.js';

describe('DNS resolvers that misbehave', () => {
  const LIMITS = { upstreamTimeoutMs: 300 };
  const { scripted, ...behind } = servedBehind();
  const serveWith = (...upstreams: string[]) => behind.serveWith(upstreams, LIMITS);

  it('by being gone give way to the next, which is then asked first', async () => {
    const gone = `127.0.0.1:${await freePort()}`;
    const good = await scripted((question) => [answerWith(question, '192.0.2.1')]);
    const { port } = await serveWith(gone, good.address);
    expect((await dig(port, 'a.example')).answers).to.deep.equal(['A 192.0.2.1']);
    expect((await dig(port, 'b.example')).answers).to.deep.equal(['A 192.0.2.1']);
  });

  it('by silence give way to the next after their time', async () => {
    const silent = await scripted(() => null);
    const good = await scripted((question) => [answerWith(question, '192.0.2.1')]);
    const { port } = await serveWith(silent.address, good.address);
    expect((await dig(port, 'a.example')).answers).to.deep.equal(['A 192.0.2.1']);
    expect((await dig(port, 'b.example')).answers).to.deep.equal(['A 192.0.2.1']);
    expect(silent.asked.udp).to.equal(1);
  });

  it('by failing give way to the next', async () => {
    const failing = await scripted((question) => [withRcode(answerWith(question), 2)]);
    const good = await scripted((question) => [answerWith(question, '192.0.2.1')]);
    const { port } = await serveWith(failing.address, good.address);
    expect((await dig(port, 'a.example')).answers).to.deep.equal(['A 192.0.2.1']);
  });

  it('all of them: SERVFAIL in bounded time, counted', async () => {
    const silent = await scripted(() => null);
    const { port, server } = await serveWith(silent.address);
    const began = performance.now();
    expect((await dig(port, 'a.example')).status).to.equal('SERVFAIL');
    expect(performance.now() - began).to.be.lessThan(3 * LIMITS.upstreamTimeoutMs + 1_000);
    expect((await server.counters()).upstreamFailures).to.equal(1);
  });

  it('by answers to other questions or with other ids are passed over', async () => {
    const liar = await scripted((question) => {
      const otherId = answerWith({ ...question, id: ((question.id ?? 0) + 1) & 0xffff }, '198.51.100.1');
      const otherName = answerWith({ ...question, questions: [{ name: 'evil.example', type: 'A' }] }, '198.51.100.1');
      return [otherId, otherName, Buffer.from('noise'), answerWith(question, '192.0.2.1')];
    });
    const { port } = await serveWith(liar.address);
    expect((await dig(port, 'a.example')).answers).to.deep.equal(['A 192.0.2.1']);
  });

  it('by counting records that are not there: SERVFAIL', async () => {
    const bomb = await scripted((question) => {
      const answer = answerWith(question);
      answer.writeUInt16BE(0xffff, 6);
      return [answer];
    });
    const { port } = await serveWith(bomb.address);
    expect((await dig(port, 'a.example')).status).to.equal('SERVFAIL');
  });

  it('by spelling the question their way do not change the spelling that the client sees', async () => {
    const lower = await scripted((question) => {
      const questions = (question.questions ?? []).map((each) => ({ ...each, name: each.name.toLowerCase() }));
      return [answerWith({ ...question, questions }, '192.0.2.1')];
    });
    const { port } = await serveWith(lower.address);
    expect((await dig(port, 'MiXed.Example')).text).to.match(/^;MiXed\.Example\./m);
  });

  it('are asked over TCP when UDP was cut', async () => {
    const short = await scripted((question, transport) => {
      if (transport === 'tcp') return [answerWith(question, '192.0.2.7')];
      const cut = answerWith(question);
      cut[2] = (cut[2] ?? 0) | 0x02;
      return [cut];
    });
    const { port } = await serveWith(short.address);
    expect((await dig(port, 'a.example')).answers).to.deep.equal(['A 192.0.2.7']);
    expect(short.asked).to.deep.equal({ udp: 1, tcp: 1, probes: 0 });
  });

  const cutShort = (question: Packet, ...addresses: string[]): Buffer => {
    const cut = answerWith(question, ...addresses);
    cut[2] = (cut[2] ?? 0) | 0x02;
    return cut;
  };
  const overTcp: readonly [what: string, answer: (question: Packet) => readonly Buffer[] | null][] = [
    ['silence', () => null],
    [
      'it answered another question than was asked',
      (question) => [answerWith({ ...question, id: (question.id ?? 0) ^ 1 })],
    ],
    ['a failure', (question) => [withRcode(answerWith(question), 2)]],
    ['a refusal', (question) => [withRcode(answerWith(question), 5)]],
  ];
  for (const [what, answer] of overTcp) {
    it(`by ${what} over TCP after a UDP answer that was cut: what is there is passed on as cut`, async () => {
      const short = await scripted((question, transport) =>
        transport === 'tcp' ? answer(question) : [cutShort(question, '192.0.2.8')],
      );
      const { port, events } = await serveWith(short.address);
      const result = await dig(port, '+ignore', 'a.example');
      expect([result.status, ...result.answers]).to.deep.equal(['NOERROR', 'A 192.0.2.8']);
      expect(result.flags).to.include('tc');
      expect(events).to.deep.equal([]);
    });
  }

  it('by cutting a UDP answer within a record, and over TCP: passed on as cut, without records', async () => {
    const short = await scripted((question, transport) =>
      transport === 'tcp' ? null : [cutShort(question, '192.0.2.8').subarray(0, -3)],
    );
    const { port } = await serveWith(short.address);
    const result = await dig(port, '+ignore', 'a.example');
    expect([result.status, ...result.answers]).to.deep.equal(['NOERROR']);
    expect(result.flags).to.include('tc');
  });

  it('by cutting an answer that points into a forbidden range are dropped all the same', async () => {
    const short = await scripted((question, transport) =>
      transport === 'tcp' ? null : [cutShort(question, '127.77.0.1')],
    );
    const { port } = await serveWith(short.address);
    expect((await dig(port, '+ignore', 'a.example')).status).to.equal('REFUSED');
  });

  it('get each question from a new port with a new id', async () => {
    const ids = new Set<number>();
    const good = await scripted((question) => {
      ids.add(question.id ?? 0);
      return [answerWith(question, '192.0.2.1')];
    });
    const { port } = await serveWith(good.address);
    const same = Buffer.from(encode({ id: 1, flags: 0x100, questions: [{ name: 'a.example', type: 'A' }] }));
    for (let count = 0; count < 5; count += 1) await sendRaw(port, [same], 1);
    expect(ids.size).to.be.greaterThan(3);
  });
});
