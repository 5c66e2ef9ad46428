import { expect } from 'chai';
import { ownRanges } from '#apps/agent/dns/own-ranges.js';

const TSNET = ['100.64.0.0/10', 'fd7a:115c:a1e0::/48'];

describe("the ranges of a host's own", () => {
  it('are those of its proxies, its links, and a mesh that has addresses of its own', () => {
    const host = { proxyRange: '10.77.0.0/16', linkRanges: ['10.76.0.0/16', 'fd01:2:3::/48'] };
    const own = [host.proxyRange, ...host.linkRanges];
    expect(ownRanges({ ...host, mesh: 'direct' })).to.deep.equal(own);
    expect(ownRanges({ ...host, mesh: 'tsnet' })).to.deep.equal([...own, ...TSNET]);
  });

  it('have a single address as a range', () => {
    const ranges = ownRanges({ proxyRange: '127.77.0.1', linkRanges: ['10.76.0.4'], mesh: 'direct' });
    expect(ranges).to.deep.equal(['127.77.0.1/32', '10.76.0.4/32']);
  });
});
