import { expect } from 'chai';
import { dig, type Served, serve } from './served.js';

describe('DNS server, asked by dig', () => {
  let served: Served;
  before(async () => {
    served = await serve();
  });
  after(() => served.server.close());

  const rows: readonly [args: readonly string[], status: string, answers: readonly string[], authority: RegExp][] = [
    [['api.dev.gstacks'], 'NOERROR', ['A 127.77.0.1'], /^$/],
    [['aPI.deV.GStacks'], 'NOERROR', ['A 127.77.0.1'], /^$/],
    [['+tcp', 'api.dev.gstacks'], 'NOERROR', ['A 127.77.0.1'], /^$/],
    [['+noedns', 'api.dev.gstacks'], 'NOERROR', ['A 127.77.0.1'], /^$/],
    [['+bufsize=512', 'api.dev.gstacks'], 'NOERROR', ['A 127.77.0.1'], /^$/],
    [['+bufsize=4096', '+dnssec', 'api.dev.gstacks'], 'NOERROR', ['A 127.77.0.1'], /^$/],
    [['api.dev.gstacks', 'AAAA'], 'NOERROR', [], /^SOA dev\.gstacks\. /],
    [['api.dev.gstacks', 'SRV'], 'NOERROR', ['SRV 0 0 8080 api.dev.gstacks.'], /^$/],
    [['_8080._tcp.api.dev.gstacks', 'SRV'], 'NOERROR', ['SRV 0 0 8080 api.dev.gstacks.'], /^$/],
    [['_8081._tcp.api.dev.gstacks', 'SRV'], 'NXDOMAIN', [], /^SOA dev\.gstacks\. /],
    [['api.dev.gstacks', 'TXT'], 'NOERROR', ['TXT "ports=8080"'], /^$/],
    [['-x', '127.77.0.1'], 'NOERROR', ['PTR api.dev.gstacks.'], /^$/],
    [['-x', '127.77.0.2'], 'NXDOMAIN', [], /^SOA 127\.in-addr\.arpa\. /],
    [['-b', '127.0.0.2', '-x', '127.77.0.2'], 'NOERROR', ['PTR db.prod.gstacks.'], /^$/],
    [['-b', '127.0.0.9', '-x', '127.77.0.1'], 'REFUSED', [], /^$/],
    [['none.dev.gstacks'], 'NXDOMAIN', [], /^SOA dev\.gstacks\. /],
    [['db.prod.gstacks'], 'NXDOMAIN', [], /^SOA gstacks\. /],
    [['-b', '127.0.0.2', 'db.prod.gstacks'], 'NOERROR', ['A 127.77.0.2'], /^$/],
    [['-b', '127.0.0.9', 'api.dev.gstacks'], 'REFUSED', [], /^$/],
    [['-b', '127.0.0.9', '+tcp', 'api.dev.gstacks'], 'REFUSED', [], /^$/],
    [['example.com'], 'NXDOMAIN', [], /^$/],
    [['-b', '127.0.0.9', 'example.com'], 'REFUSED', [], /^$/],
    [['version.bind', 'TXT', 'CH'], 'REFUSED', [], /^$/],
    [['+edns=1', '+noednsneg', 'api.dev.gstacks'], 'BADVERS', [], /^$/],
    [['+opcode=2', 'api.dev.gstacks'], 'NOTIMP', [], /^$/],
  ];
  for (const [args, status, answers, authority] of rows) {
    it(`${args.join(' ')}: ${status}`, async () => {
      const result = await dig(served.port, ...args);
      expect(result.status).to.equal(status);
      expect(result.answers).to.deep.equal(answers);
      expect(result.authority.join()).to.match(authority);
      expect(result.text).to.not.match(/malformed|mismatch|extra bytes/i);
    });
  }

  it('keeps the spelling of the question', async () => {
    expect((await dig(served.port, 'aPI.deV.GStacks')).text).to.match(/^aPI\.deV\.GStacks\.\s+5\s+IN\s+A/m);
  });

  it('tells its payload size with EDNS, and says nothing of EDNS without', async () => {
    expect((await dig(served.port, 'api.dev.gstacks')).text).to.include('EDNS: version: 0, flags:; udp: 1232');
    expect((await dig(served.port, '+dnssec', 'api.dev.gstacks')).text).to.include('flags: do; udp: 1232');
    expect((await dig(served.port, '+noedns', 'api.dev.gstacks')).text).to.not.include('EDNS');
  });
});
