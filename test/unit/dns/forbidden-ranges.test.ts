import { expect } from 'chai';
import { createForbiddenRanges, forbiddenBlocks } from '#libs/data-plane/dns/forbidden-ranges.js';

describe('DNS forbidden ranges', () => {
  const isForbidden = createForbiddenRanges(forbiddenBlocks(['127.77.0.0/16', '100.64.0.0/10', 'fd7a::/16']));
  const rows: readonly [address: string, forbidden: boolean][] = [
    ['127.77.3.4', true],
    ['127.0.0.1', true],
    ['0.0.0.0', true],
    ['100.100.0.1', true],
    ['192.0.2.1', false],
    ['10.0.0.1', false],
    ['0:0:0:0:0:0:0:1', true],
    ['0:0:0:0:0:0:0:0', true],
    ['fd7a:0:0:0:0:0:0:9', true],
    ['2001:db8:0:0:0:0:0:1', false],
    ['0:0:0:0:0:ffff:7f4d:304', true],
    ['0:0:0:0:0:ffff:c000:201', false],
    ['0:0:0:0:0:0:7f4d:304', true],
    ['0:0:0:0:0:0:c000:201', false],
    ['0:0:0:0:ffff:0:7f00:1', true],
    ['0:0:0:0:ffff:0:c000:201', false],
    ['64:ff9b:0:0:0:0:6440:1', true],
    ['64:ff9b:0:0:0:0:a9fe:a9fe', true],
    ['0:0:0:0:0:ffff:a9fe:a9fe', true],
    ['64:ff9b:0:0:0:0:c000:201', false],
    ['64:ff9b:1:0:0:0:c000:201', true],
    ['64:ff9b:1:ffff:0:0:7f00:1', true],
    ['64:ff9b:2:0:0:0:c000:201', false],
    ['2002:7f4d:304:0:0:0:0:1', true],
    ['2002:c000:201:0:0:0:0:1', true],
    ['2003:0:0:0:0:0:0:1', false],
    ['2001:0:c000:201:0:0:0:1', true],
    ['2001:4860:4860:0:0:0:0:8888', false],
    ['169.254.169.254', true],
    ['169.253.0.1', false],
    ['fe80:0:0:0:0:0:0:1', true],
    ['febf:0:0:0:0:0:0:1', true],
    ['fec0:0:0:0:0:0:0:1', false],
    ['224.0.0.251', true],
    ['239.255.255.250', true],
    ['255.255.255.255', true],
    ['ff02:0:0:0:0:0:0:fb', true],
  ];
  for (const [address, forbidden] of rows) {
    it(`${address} is ${forbidden ? 'forbidden' : 'allowed'}`, () => {
      expect(isForbidden(address)).to.equal(forbidden);
    });
  }

  for (const range of ['127.0.0.1', '10.0.0.0/33', 'fd00::/129', 'x/8', '10.0.0.0/8/8', '10.0.0.0/']) {
    it(`does not take ${range} as a range`, () => {
      expect(() => forbiddenBlocks([range])).to.throw(/CIDR/);
    });
  }
});
