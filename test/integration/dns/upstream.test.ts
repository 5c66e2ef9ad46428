import { expect } from 'chai';
import { encode } from 'dns-packet';
import { freePort } from '#test/support/ports.js';
import { waitFor } from '#test/support/wait.js';
import {
  answerWith,
  type Resolver,
  type Script,
  type ScriptedResolver,
  startDnsmasq,
  startScripted,
} from './resolvers.js';
import { dig, type Served, sendRaw, serve } from './served.js';

const PARAGRAPH = 'x'.repeat(200);

describe('DNS names outside the suffix, with dnsmasq upstream', () => {
  let resolver: Resolver;
  let served: Served;
  before(async () => {
    resolver = await startDnsmasq(
      '--address=/ok.test/192.0.2.10',
      '--address=/proxy.test/127.77.0.1',
      '--address=/loop.test/127.0.0.1',
      '--address=/six.test/::1',
      '--address=/metadata.test/169.254.169.254',
      '--address=/link.test/fe80::1',
      '--address=/tunnel.test/2002:c000:201::1',
      '--address=/local64.test/64:ff9b:1::c000:201',
      '--address=/mapped.test/::ffff:127.77.0.1',
      '--address=/nat64.test/64:ff9b::7f4d:1',
      '--local=/test/',
      `--txt-record=big.test,${Array.from({ length: 12 }, () => PARAGRAPH).join(',')}`,
      '--edns-packet-max=4096',
    );
    served = await serve({ upstreams: [resolver.address] });
  });
  after(async () => {
    await served.server.close();
    await resolver.stop();
  });

  it('are answered by the resolver, over UDP and TCP, with the spelling asked', async () => {
    for (const transport of ['+notcp', '+tcp']) {
      const result = await dig(served.port, transport, 'wWw.oK.test');
      expect(result.answers).to.deep.equal(['A 192.0.2.10']);
      expect(result.flags).to.include('ra');
      expect(result.text).to.match(/^;wWw\.oK\.test\./m);
    }
  });

  it('that do not exist are NXDOMAIN', async () => {
    expect((await dig(served.port, 'missing.test')).status).to.equal('NXDOMAIN');
  });

  for (const [name, type] of [
    ['proxy.test', 'A'],
    ['loop.test', 'A'],
    ['six.test', 'AAAA'],
    ['metadata.test', 'A'],
    ['link.test', 'AAAA'],
    ['tunnel.test', 'AAAA'],
    ['local64.test', 'AAAA'],
    ['mapped.test', 'AAAA'],
    ['nat64.test', 'AAAA'],
  ] as const) {
    it(`that point into a forbidden range are dropped: ${name} ${type}`, async () => {
      const before = (await served.server.counters()).upstreamDropped;
      const result = await dig(served.port, name, type);
      expect([result.status, ...result.answers]).to.deep.equal(['REFUSED']);
      expect((await served.server.counters()).upstreamDropped).to.equal(before + 1);
    });
  }

  it('are truncated for a client that takes less, and whole over TCP', async () => {
    const small = await dig(served.port, '+ignore', '+bufsize=512', 'big.test', 'TXT');
    expect(small.flags).to.include('tc');
    expect(small.answers).to.deep.equal([]);
    const plain = await dig(served.port, '+ignore', '+noedns', 'big.test', 'TXT');
    expect(plain.flags).to.include('tc');
    const whole = await dig(served.port, 'big.test', 'TXT');
    expect(whole.text).to.include('(TCP)');
    expect(whole.answers.join()).to.have.length.greaterThan(2_400);
  });

  it('stay refused to a source that is not known', async () => {
    expect((await dig(served.port, '-b', '127.0.0.9', 'www.ok.test')).status).to.equal('REFUSED');
  });

  it('never include those below the suffix', async () => {
    expect((await dig(served.port, 'ok.test.dev.gstacks')).status).to.equal('NXDOMAIN');
  });
});

describe('DNS resolvers that misbehave', () => {
  const LIMITS = { upstreamTimeoutMs: 300, upstreamInFlight: 8, upstreamInFlightPerSource: 4 };
  const resolvers: Resolver[] = [];
  let served: Served | null = null;
  afterEach(async () => {
    await served?.server.close();
    for (const resolver of resolvers.splice(0)) await resolver.stop();
  });
  async function scripted(script: Script): Promise<ScriptedResolver> {
    const resolver = await startScripted(script);
    resolvers.push(resolver);
    return resolver;
  }
  async function serveWith(...upstreams: string[]): Promise<Served> {
    served = await serve({ upstreams }, LIMITS);
    return served;
  }

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
    const failing = await scripted((question) => {
      const answer = answerWith(question);
      answer[3] = 2;
      return [answer];
    });
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
    expect(short.asked).to.deep.equal({ udp: 1, tcp: 1 });
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

  it('do not make the server hold more questions than its bound, and it answers its own names meanwhile', async () => {
    const silent = await scripted(() => null);
    const { port, server } = await serveWith(silent.address);
    const many = Array.from({ length: 40 }, (_, id) =>
      Buffer.from(encode({ id, flags: 0x100, questions: [{ name: `n${id}.example`, type: 'A' }] })),
    );
    const answers = await sendRaw(port, many, 36);
    expect(answers.every((answer) => ((answer[3] ?? 0) & 0x0f) === 2)).to.equal(true);
    expect(silent.asked.udp).to.equal(4);
    expect((await dig(port, 'api.dev.gstacks')).status).to.equal('NOERROR');
    await waitFor('those held have failed too', async () => (await server.counters()).upstreamFailures === 40);
  });
});
