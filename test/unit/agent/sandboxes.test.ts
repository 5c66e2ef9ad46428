import { expect } from 'chai';
import { chooseLinks } from '#apps/agent/sandboxes/netns/choose-links.js';
import { linkAt, linkCapacity, linkIndexOf, linkRange6 } from '#apps/agent/sandboxes/netns/link-addresses.js';
import { interfaceName } from '#apps/agent/sandboxes/netns/namespace-names.js';
import { parseNamespaceSandboxes } from '#apps/agent/sandboxes/netns/netns-driver.js';
import { parseStaticSandboxes } from '#apps/agent/sandboxes/static/static-driver.js';
import { CodedError } from '#libs/contracts/errors.js';
import { parseAddressRange } from '#libs/data-plane/proxy/address-range.js';

describe('the list of the driver static', () => {
  it('is ids and loopback addresses', () => {
    expect(parseStaticSandboxes([{ id: 'a', address: '127.0.0.11' }], false)).to.deep.equal([
      { sandboxId: 'a', address: '127.0.0.11' },
    ]);
  });

  it('takes other addresses on the word of the operator alone', () => {
    const list = [{ id: 'a', address: '10.0.0.1' }];
    expect(parseStaticSandboxes(list, true)).to.have.length(1);
    expect(() => parseStaticSandboxes(list, false))
      .to.throw(CodedError, '10.0.0.1')
      .with.property('code', 'ADDRESS_NOT_TRUSTED');
  });

  const bad: readonly (readonly [string, readonly unknown[]])[] = [
    [
      'an id twice',
      [
        { id: 'a', address: '127.0.0.1' },
        { id: 'a', address: '127.0.0.2' },
      ],
    ],
    [
      'an address twice',
      [
        { id: 'a', address: '127.0.0.1' },
        { id: 'b', address: '127.0.0.1' },
      ],
    ],
    ['no address', [{ id: 'a' }]],
    ['an address of IPv6', [{ id: 'a', address: '::1' }]],
    ['an id with a slash', [{ id: '../a', address: '127.0.0.1' }]],
    ['no object', ['a']],
  ];
  for (const [what, list] of bad) {
    it(`refuses ${what}`, () => expect(() => parseStaticSandboxes(list, false)).to.throw(CodedError));
  }
});

describe('the list of the driver netns', () => {
  it('is ids; what starts in them is somebody else’s business', () => {
    expect(parseNamespaceSandboxes([{ id: 'a', command: 'x' }, { id: 'b' }])).to.deep.equal(['a', 'b']);
  });
  it('refuses an id twice', () =>
    expect(() => parseNamespaceSandboxes([{ id: 'a' }, { id: 'a' }])).to.throw(CodedError));
});

describe('links', () => {
  const range = parseAddressRange('10.76.0.0/16', 'range');
  const range6 = linkRange6('gs.host-a.');

  it('are cut from the ranges, each address in one link', () => {
    const seen = new Set<string>();
    for (const index of [0, 1, 64, linkCapacity(range) - 1]) {
      const link = linkAt(range, range6, index);
      for (const address of [link.agentAddress, link.sandboxAddress]) {
        expect(linkIndexOf(range, address)).to.equal(index);
        seen.add(address);
      }
      seen.add(link.sandboxAddress6).add(link.agentAddress6);
    }
    expect(seen.size).to.equal(16);
    expect(linkIndexOf(range, '10.77.0.1')).to.equal(null);
    expect(linkIndexOf(range, '10.75.255.255')).to.equal(null);
  });

  it('keep their addresses while they are up; new ones take what is free', () => {
    const small = parseAddressRange('10.76.0.0/28', 'range');
    const inUse = [
      { link: interfaceName('b'), address: '10.76.0.1' },
      { link: 'somebody-else', address: '10.76.0.6' },
      { link: 'eth0', address: '192.0.2.1' },
    ];
    const links = chooseLinks(small, range6, ['a', 'b', 'c', 'd'], inUse);
    expect([...links].map(([name, { index }]) => `${name}${index}`)).to.deep.equal(['a2', 'b0', 'c3']);
  });

  it('have an RFC 4193 prefix for each agent', () => {
    expect(range6).to.match(/^fd[0-9a-f]{2}:[0-9a-f]{4}:[0-9a-f]{4}::\/48$/);
    expect(linkRange6('gs.host-b.')).to.not.equal(range6);
  });

  it('have names that an interface can have, and that stay', () => {
    expect(interfaceName('gs.host-a.sbx-web'))
      .to.match(/^[a-z0-9]{1,15}$/)
      .and.equal(interfaceName('gs.host-a.sbx-web'));
    expect(interfaceName('gs.host-a.sbx-api')).to.not.equal(interfaceName('gs.host-a.sbx-web'));
  });
});
