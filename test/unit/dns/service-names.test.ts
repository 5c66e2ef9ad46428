import { expect } from 'chai';
import { encode } from 'dns-packet';
import { answerTo, expectAnswer, serve, ZONE } from './asked-zone.js';

const srv = (owner: string, port: number, target: string): string =>
  `${owner} 5 SRV ${JSON.stringify({ priority: 0, weight: 0, port, target })}`;
const DEV = 'dev.gstacks 1 SOA';

describe('DNS records of ports', () => {
  const rows: readonly [client: string, name: string, type: string, rcode: string, records: string][] = [
    ['10.0.0.1', 'api.dev.gstacks', 'SRV', 'NOERROR', srv('api.dev.gstacks', 8080, 'api.dev.gstacks')],
    ['10.0.0.1', 'six.dev.gstacks', 'SRV', 'NOERROR', srv('six.dev.gstacks', 8080, 'six.dev.gstacks')],
    [
      '10.0.0.1',
      'many.dev.gstacks',
      'SRV',
      'NOERROR',
      [80, 443, 65535].map((port) => srv('many.dev.gstacks', port, 'many.dev.gstacks')).join(', '),
    ],
    [
      '10.0.0.1',
      '_443._tcp.many.dev.gstacks',
      'SRV',
      'NOERROR',
      srv('_443._tcp.many.dev.gstacks', 443, 'many.dev.gstacks'),
    ],
    [
      '10.0.0.1',
      '_443._TCP.Many.dev.gstacks',
      'SRV',
      'NOERROR',
      srv('_443._TCP.Many.dev.gstacks', 443, 'Many.dev.gstacks'),
    ],
    ['10.0.0.1', '_443._tcp.many.dev.gstacks', 'A', 'NOERROR', DEV],
    ['10.0.0.1', '_tcp.many.dev.gstacks', 'SRV', 'NOERROR', DEV],
    ['10.0.0.1', '_444._tcp.many.dev.gstacks', 'SRV', 'NXDOMAIN', DEV],
    ['10.0.0.1', '_443._udp.many.dev.gstacks', 'SRV', 'NXDOMAIN', DEV],
    ['10.0.0.1', '_https._tcp.many.dev.gstacks', 'SRV', 'NXDOMAIN', DEV],
    ['10.0.0.1', '_0443._tcp.many.dev.gstacks', 'SRV', 'NXDOMAIN', DEV],
    ['10.0.0.1', '443._tcp.many.dev.gstacks', 'SRV', 'NXDOMAIN', DEV],
    ['10.0.0.1', '_80._tcp.none.dev.gstacks', 'SRV', 'NXDOMAIN', DEV],
    ['10.0.0.1', '_80._tcp.dev.gstacks', 'SRV', 'NXDOMAIN', DEV],
    ['10.0.0.1', '_80._tcp.gstacks', 'SRV', 'NXDOMAIN', 'gstacks 1 SOA'],
    ['10.0.0.1', '_8080._tcp.api.prod.gstacks', 'SRV', 'NXDOMAIN', 'gstacks 1 SOA'],
    ['10.0.0.1', 'api.prod.gstacks', 'SRV', 'NXDOMAIN', 'gstacks 1 SOA'],
    [
      '10.0.0.3',
      '_8080._tcp.api.prod.gstacks',
      'SRV',
      'NOERROR',
      srv('_8080._tcp.api.prod.gstacks', 8080, 'api.prod.gstacks'),
    ],
    ['10.0.0.4', '_8080._tcp.api.prod.gstacks', 'SRV', 'SERVFAIL', ''],
    ['10.0.0.9', '_8080._tcp.api.dev.gstacks', 'SRV', 'REFUSED', ''],
    ['10.0.0.1', 'dev.gstacks', 'SRV', 'NOERROR', DEV],
    ['10.0.0.1', 'many.dev.gstacks', 'TXT', 'NOERROR', 'many.dev.gstacks 5 TXT ["ports=80,443,65535"]'],
    ['10.0.0.1', 'api.prod.gstacks', 'TXT', 'NXDOMAIN', 'gstacks 1 SOA'],
  ];
  const served = serve(ZONE);
  for (const [client, name, type, rcode, records] of rows) {
    it(`${client} asks ${name} ${type}: ${rcode} ${records}`, () =>
      expectAnswer(served, { client, name, type, rcode, records }));
  }

  it('that are too many for UDP are cut, and come whole over TCP', () => {
    const ports = Array.from({ length: 32 }, (_, index) => 60_000 + index);
    const networks = [{ name: 'dev', records: [{ alias: 'many', address: '127.77.0.3', ports }] }];
    const many = serve({ ...ZONE, networks });
    const packet = encode({ id: 1, questions: [{ name: 'many.dev.gstacks', type: 'SRV' }] });
    const cut = answerTo(many, packet, '10.0.0.1');
    expect([(cut?.[2] ?? 0) & 0x02, cut?.[7]]).to.deep.equal([2, 0]);
    const whole = many.handler.handle(packet, '10.0.0.1', 'tcp');
    expect(whole instanceof Buffer && [(whole[2] ?? 0) & 0x02, whole[7]]).to.deep.equal([0, 32]);
    expect(
      answerTo(many, encode({ id: 1, questions: [{ name: 'many.dev.gstacks', type: 'TXT' }] }), '10.0.0.1')?.length,
    ).to.be.lessThan(512);
  });
});
