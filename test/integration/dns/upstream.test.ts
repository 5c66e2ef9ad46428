import { expect } from 'chai';
import { type Resolver, startDnsmasq } from './resolvers.js';
import { dig, type Served, serve } from './served.js';

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
