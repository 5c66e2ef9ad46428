import { isIP, isIPv6 } from 'node:net';
import { expect } from 'chai';
import fc from 'fast-check';
import { InvalidInputError } from '#libs/contracts/errors.js';
import { addressOctets, containsBlock, parseAddressBlock } from '#libs/data-plane/dns/address-block.js';

const hex = (address: string): string => Buffer.from(addressOctets(address)).toString('hex');

describe('blocks of addresses', () => {
  const addresses: readonly [address: string, octets: string][] = [
    ['127.77.0.1', '7f4d0001'],
    ['::', '0'.repeat(32)],
    ['::1', '1'.padStart(32, '0')],
    ['fd00::6', `fd00${'6'.padStart(28, '0')}`],
    ['2001:db8::', `20010db8${'0'.repeat(24)}`],
    ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
    ['0:0:0:0:0:ffff:7f4d:304', `${'0'.repeat(20)}ffff7f4d0304`],
    ['::ffff:127.77.3.4', `${'0'.repeat(20)}ffff7f4d0304`],
    ['FE80::A', `fe80${'a'.padStart(28, '0')}`],
  ];
  for (const [address, octets] of addresses) {
    it(`${address} is ${octets}`, () => {
      expect(hex(address)).to.equal(octets);
    });
  }

  it('read back every IPv6 address in its longest form', () => {
    fc.assert(
      fc.property(fc.ipV6().filter(isIPv6), (address) => {
        const long = hex(address).match(/.{4}/g)?.join(':') ?? '';
        expect(hex(long)).to.equal(hex(address));
      }),
    );
  });

  const written = fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    fc.stringMatching(/^[\da-fA-F:.]{1,20}$/),
    fc.tuple(fc.ipV6(), fc.constantFrom(' ', '\n', '\t', ']', '/', '%', '@')).map((parts) => parts.join('')),
  );

  it('are read from exactly those texts that Node accepts as an address', () => {
    fc.assert(
      fc.property(written, (text) => {
        const read = () => parseAddressBlock(`${text}/32`, 'range').octets.length;
        const family = isIP(text);
        if (family === 0) expect(read).to.throw(InvalidInputError);
        else expect(read()).to.equal(family === 4 ? 4 : 16);
      }),
    );
  });

  for (const range of ['', '/', '10.0.0.0', '10.0.0.0/33', '::/129', '::/-1', '10.0.0.0/8/8', 'fe80::1%eth0/64', 'a/8'])
    it(`are not read from ${range === '' ? 'nothing' : range}`, () => {
      expect(() => parseAddressBlock(range, 'range')).to.throw(InvalidInputError);
    });

  const contained: readonly [block: string, other: string, isContained: boolean][] = [
    ['127.77.0.0/16', '127.77.3.4/32', true],
    ['127.77.0.0/16', '127.77.3.0/24', true],
    ['127.77.0.0/16', '127.77.0.0/16', true],
    ['127.77.0.0/16', '127.0.0.0/8', false],
    ['127.77.0.0/16', '127.78.0.0/32', false],
    ['10.80.128.0/17', '10.80.127.1/32', false],
    ['10.80.128.0/17', '10.80.255.1/32', true],
    ['10.0.0.1/30', '10.0.0.3/32', true],
    ['0.0.0.0/0', '192.0.2.1/32', true],
    ['0.0.0.0/0', '::1/128', false],
    ['::/0', '192.0.2.1/32', false],
    ['fe80::/10', 'febf::1/128', true],
    ['fe80::/10', 'fec0::1/128', false],
  ];
  for (const [block, other, isContained] of contained) {
    it(`${block} ${isContained ? 'contains' : 'does not contain'} ${other}`, () => {
      expect(containsBlock(parseAddressBlock(block, 'block'), parseAddressBlock(other, 'other'))).to.equal(isContained);
    });
  }
});
