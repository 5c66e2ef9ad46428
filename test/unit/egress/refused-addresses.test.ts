import { expect } from 'chai';
import { createRefusedAddresses } from '#libs/data-plane/egress/refused-addresses.js';

const isRefused = createRefusedAddresses(['10.77.0.0/16', '127.77.0.0/16', 'fd7a:115c:a1e0::/48']);

describe('addresses that a name outside leads to', () => {
  for (const address of [
    ...['203.0.113.10', '8.8.8.8', '2001:db8::1', '2606:4700::1111', '64:ff9b::808:808'],
    ...['172.15.255.255', '172.32.0.1', '100.63.0.1', '100.128.0.1', '192.0.0.8', '9.255.255.255', '11.0.0.0'],
  ]) {
    it(`${address} is dialled`, () => expect(isRefused(address, false)).to.equal(false));
  }

  for (const address of [
    ...['127.0.0.1', '127.255.255.255', '::1', '10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1'],
    ...[
      '100.64.0.1',
      '240.0.0.1',
      'fc00::1',
      'fdff::1',
      'fec0::1',
      '::ffff:10.0.0.1',
      '::ffff:a00:1',
      '::ffff:127.0.0.1',
    ],
    ...['64:ff9b::a00:1', '::10.0.0.1', '::ffff:0:10.0.0.1', '64:ff9b::7f00:1'],
  ]) {
    it(`${address} is dialled by a rule with --private only`, () => {
      expect(isRefused(address, false)).to.equal(true);
      expect(isRefused(address, true)).to.equal(false);
    });
  }

  for (const address of [
    ...[
      '0.0.0.0',
      '169.254.169.254',
      '224.0.0.1',
      '255.255.255.255',
      '168.63.129.16',
      '100.100.100.200',
      '192.0.0.192',
    ],
    ...['::', 'fe80::1', 'ff02::1', 'fd00:ec2::254', '2002:a00:1::', '2002:808:808::1', '2001:0:1::1', '64:ff9b:1::1'],
    ...[
      '10.77.1.1',
      '127.77.0.9',
      '::ffff:10.77.1.1',
      '64:ff9b::a4d:101',
      'fd7a:115c:a1e0::5',
      '::ffff:169.254.169.254',
    ],
  ]) {
    it(`${address} is never dialled`, () => {
      expect(isRefused(address, false)).to.equal(true);
      expect(isRefused(address, true)).to.equal(true);
    });
  }
});
