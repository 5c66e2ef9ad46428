import { expect } from 'chai';
import { encode } from 'dns-packet';
import fc from 'fast-check';
import { readQuery } from '#libs/data-plane/dns/query.js';
import { readReverseName, reverseZone } from '#libs/data-plane/dns/reverse-name.js';
import { ask, expectAnswer, serve, ZONE } from './asked-zone.js';

/** fd00::6 and its neighbours. */
const SIX = (...last: string[]): string =>
  `${[...last.reverse(), ...Array(32 - 4 - last.length).fill('0')].join('.')}.0.0.d.f`;

const SIX_ZONE = `${Array(12).fill('0').join('.')}.0.0.d.f.ip6.arpa 1 SOA`;

describe('DNS reverse look-ups', () => {
  const LOOPBACK = '127.in-addr.arpa 1 SOA';
  const rows: readonly [client: string, name: string, type: string, rcode: string, records: string][] = [
    ['10.0.0.1', '1.0.77.127.in-addr.arpa', 'PTR', 'NOERROR', '1.0.77.127.in-addr.arpa 5 PTR api.dev.gstacks'],
    ['10.0.0.1', '1.0.77.127.IN-ADDR.Arpa', 'PTR', 'NOERROR', '1.0.77.127.IN-ADDR.Arpa 5 PTR api.dev.gstacks'],
    ['10.0.0.1', '1.0.77.127.in-addr.arpa', 'ANY', 'NOERROR', '1.0.77.127.in-addr.arpa 5 PTR api.dev.gstacks'],
    ['10.0.0.1', '1.0.77.127.in-addr.arpa', 'A', 'NOERROR', LOOPBACK],
    ['10.0.0.1', '9.0.77.127.in-addr.arpa', 'PTR', 'NXDOMAIN', LOOPBACK],
    ['10.0.0.3', '9.0.77.127.in-addr.arpa', 'PTR', 'NOERROR', '9.0.77.127.in-addr.arpa 5 PTR api.prod.gstacks'],
    ['10.0.0.2', '1.0.77.127.in-addr.arpa', 'PTR', 'NXDOMAIN', LOOPBACK],
    ['10.0.0.1', '8.0.77.127.in-addr.arpa', 'PTR', 'NXDOMAIN', LOOPBACK],
    ['10.0.0.1', '1.0.0.127.in-addr.arpa', 'PTR', 'NXDOMAIN', LOOPBACK],
    // A part of an address: names of addresses may exist below it.
    ['10.0.0.1', '77.127.in-addr.arpa', 'PTR', 'NOERROR', LOOPBACK],
    ['10.0.0.1', '127.in-addr.arpa', 'SOA', 'NOERROR', LOOPBACK],
    ['10.0.0.1', 'x.1.0.77.127.in-addr.arpa', 'PTR', 'NXDOMAIN', LOOPBACK],
    ['10.0.0.1', '0-63.0.77.127.in-addr.arpa', 'PTR', 'NXDOMAIN', LOOPBACK],
    ['10.0.0.1', '1.2.254.169.in-addr.arpa', 'PTR', 'NXDOMAIN', '254.169.in-addr.arpa 1 SOA'],
    [
      '10.0.0.1',
      `${SIX('0', '0', '0', '6')}.ip6.arpa`,
      'PTR',
      'NOERROR',
      `${SIX('0', '0', '0', '6')}.ip6.arpa 5 PTR six.dev.gstacks`,
    ],
    ['10.0.0.1', `${SIX('0', '0', '0', '7')}.ip6.arpa`, 'PTR', 'NXDOMAIN', SIX_ZONE],
    // The links of sandboxes.
    ['10.0.0.1', '3.0.0.10.in-addr.arpa', 'PTR', 'NXDOMAIN', '0.0.10.in-addr.arpa 1 SOA'],
    // Addresses that are not this host's are outside names, and this server has no upstream resolver for them.
    ['10.0.0.1', '1.2.0.192.in-addr.arpa', 'PTR', 'NXDOMAIN', ''],
    ['10.0.0.1', '9.0.0.10.in-addr.arpa', 'PTR', 'NXDOMAIN', ''],
    ['10.0.0.1', '10.in-addr.arpa', 'PTR', 'NXDOMAIN', ''],
    ['10.0.0.1', 'in-addr.arpa', 'PTR', 'NXDOMAIN', ''],
    ['10.0.0.1', '127.in-addr.arpa.example.com', 'PTR', 'NXDOMAIN', ''],
    ['10.0.0.1', '300.127.in-addr.arpa', 'PTR', 'NXDOMAIN', LOOPBACK],
    ['10.0.0.1', '01.0.77.127.in-addr.arpa', 'PTR', 'NXDOMAIN', LOOPBACK],
    ['10.0.0.9', '1.0.77.127.in-addr.arpa', 'PTR', 'REFUSED', ''],
  ];
  const served = serve(ZONE);
  for (const [client, name, type, rcode, records] of rows) {
    it(`${client} asks ${name} ${type}: ${rcode} ${records}`, () =>
      expectAnswer(served, { client, name, type, rcode, records }));
  }

  it('of an address that many aliases share tell some of them', () => {
    const records = Array.from({ length: 300 }, (_, index) => ({
      alias: `a${index}`,
      address: '127.77.0.3',
      ports: [80],
    }));
    const shared = serve({ ...ZONE, networks: [{ name: 'dev', records }] });
    const answer = ask(shared, '3.0.77.127.in-addr.arpa', 'PTR', '10.0.0.1');
    expect(answer.answers?.map((record) => record.type)).to.deep.equal(Array(16).fill('PTR'));
  });

  it('read back every IPv4 and IPv6 address and the beginnings of them', () => {
    const read = (name: string) => {
      const query = readQuery(encode({ questions: [{ name, type: 'PTR' }] }));
      if (query.kind !== 'query') throw new Error(query.kind);
      return readReverseName(encode({ questions: [{ name, type: 'PTR' }] }), query);
    };
    const octets = fc.uint8Array({ minLength: 0, maxLength: 4 });
    fc.assert(
      fc.property(octets, (asked) => {
        const found = read([...[...asked].reverse(), 'in-addr', 'arpa'].join('.'));
        expect(found?.hasMore).to.equal(false);
        expect(found?.block.bits).to.equal(8 * asked.length);
        expect([...(found?.block.octets ?? [])]).to.deep.equal([...asked, ...Array(4 - asked.length).fill(0)]);
      }),
    );
    fc.assert(
      fc.property(fc.array(fc.nat(15), { maxLength: 32 }), (nibbles) => {
        const labels = [...nibbles].reverse().map((nibble) => nibble.toString(16));
        const found = read([...labels, 'ip6', 'arpa'].join('.'));
        const hex = Buffer.from(found?.block.octets ?? []).toString('hex');
        expect(hex).to.equal(
          nibbles
            .map((nibble) => nibble.toString(16))
            .join('')
            .padEnd(32, '0'),
        );
        expect(found?.block.bits).to.equal(4 * nibbles.length);
        // The zone of a block that ends at a label is that name; the zone of a whole address is the name above it.
        const zone = found === null ? '' : reverseZone(found.block);
        expect(zone).to.equal([...(nibbles.length === 32 ? labels.slice(1) : labels), 'ip6', 'arpa'].join('.'));
      }),
    );
  });
});
