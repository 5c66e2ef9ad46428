import { expect } from 'chai';
import { parseAliasPort, parseAliasPorts, parsePort, parseTcpPort } from '#libs/contracts/ports.js';
import { refused, shown } from './refused.js';

describe('a port', () => {
  for (const value of [1, 80, 65_535, '1', '8080', '65535']) {
    it(`may be ${shown(value)}`, () => expect(parsePort(value, 'port')).to.equal(Number(value)));
  }
  const bad = [
    0,
    -1,
    65_536,
    1.5,
    1e21,
    Number.NaN,
    '',
    '0',
    '080',
    '+80',
    '8080 ',
    '0x50',
    '1e3',
    '٨٠',
    '65536',
    '999999',
    null,
    undefined,
    true,
    [],
    [80],
    {},
  ];
  for (const value of bad) it(`may not be ${shown(value)}`, () => refused(() => parsePort(value, 'port'), 'port'));
});

describe('a port that a rule is about', () => {
  for (const value of [443, '443', '443/tcp', '443/TCP']) {
    it(`may be ${shown(value)}`, () => expect(parseTcpPort(value, 'port')).to.equal(443));
  }
  for (const value of ['443/udp', '443/UDP', '443/quic']) {
    it(`may not be ${value}: only TCP is carried`, () =>
      refused(() => parseTcpPort(value, 'port'), 'port', 'UDP_UNSUPPORTED'));
  }
  for (const value of ['', '/tcp', '443/', '443/sctp', '443/tcp/tcp', '0/tcp', null]) {
    it(`may not be ${shown(value)}`, () => refused(() => parseTcpPort(value, 'port'), 'port'));
  }
});

describe('a port of an alias', () => {
  const accepted: readonly (readonly [value: unknown, published: number, target: number])[] = [
    [8080, 8080, 8080],
    ['8080', 8080, 8080],
    ['80:8080', 80, 8080],
    ['80:8080/tcp', 80, 8080],
    ['80/tcp', 80, 80],
    ['1:65535', 1, 65_535],
    [{ published: 80, target: 8080 }, 80, 8080],
    [{ published: 80 }, 80, 80],
  ];
  for (const [value, published, target] of accepted) {
    it(`may be ${shown(value)}`, () => expect(parseAliasPort(value, 'port')).to.deep.equal({ published, target }));
  }

  for (const value of ['53/udp', '53:53/udp', '53/UDP']) {
    it(`may not be ${value} until UDP is carried, and says so`, () =>
      refused(() => parseAliasPort(value, 'port'), 'port', 'UDP_UNSUPPORTED'));
  }

  const bad = [
    '',
    ':',
    '80:',
    ':80',
    '80:80:80',
    '0:80',
    '80:0',
    '80:65536',
    '80-90',
    '80/sctp',
    '80/',
    '80 :80',
    'http',
    null,
    undefined,
    [80],
    -80,
    80.5,
  ];
  for (const value of bad) it(`may not be ${shown(value)}`, () => refused(() => parseAliasPort(value, 'port'), 'port'));

  const pairs: readonly (readonly [value: unknown, field: string])[] = [
    [{}, 'port.published'],
    [{ target: 80 }, 'port.published'],
    [{ published: 0 }, 'port.published'],
    [{ published: 80, target: '80:80' }, 'port.target'],
    [{ published: 80, target: null }, 'port.target'],
    [{ published: 80, protocol: 'udp' }, 'port'],
  ];
  for (const [value, field] of pairs) {
    it(`may not be ${shown(value)}`, () => refused(() => parseAliasPort(value, 'port'), field));
  }
});

describe('the ports of an alias', () => {
  it('stand in ascending order of what clients dial', () => {
    expect(parseAliasPorts(['9090', '80:8080', 443], 'ports').map(({ published }) => published)).to.deep.equal([
      80, 443, 9090,
    ]);
  });

  it('are 32 at most, and one at least', () => {
    const many = Array.from({ length: 33 }, (_, index) => index + 1);
    expect(parseAliasPorts(many.slice(1), 'ports')).to.have.length(32);
    refused(() => parseAliasPorts(many, 'ports'), 'ports');
    refused(() => parseAliasPorts([], 'ports'), 'ports');
  });

  it('publish each number once, though two may lead to one port inside', () => {
    refused(() => parseAliasPorts(['80:8080', '80:9090'], 'ports'), 'ports');
    expect(parseAliasPorts(['80:8080', '81:8080'], 'ports')).to.have.length(2);
  });
});
