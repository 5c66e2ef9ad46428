import { expect } from 'chai';
import { listeningAt, parseListeners } from '#apps/agent/sandboxes/inspection/socket-table.js';

/** As iproute2 prints it. */
const TABLE = `LISTEN 0      511       0.0.0.0:45005 0.0.0.0:*
LISTEN 0      511     127.0.0.1:45003 0.0.0.0:*
LISTEN 0      511          [::]:45002    [::]:*
LISTEN 0      511             *:45001       *:*
LISTEN 0      511         [::1]:45004    [::]:*
LISTEN 0      511     127.0.0.1:45006 0.0.0.0:*
LISTEN 0      511         [::1]:45006    [::]:*
LISTEN 0      128  0.0.0.0%eth0:45007 0.0.0.0:*
LISTEN 0      128 [::ffff:10.76.1.2]:45008 *:*
LISTEN 0      128     10.76.1.2:45009 0.0.0.0:*
LISTEN 0      128      10.9.9.9:45010 0.0.0.0:*
ESTAB  0      0       10.76.1.2:45011 10.77.0.1:8080
`;

describe('who listens at the address of a sandbox', () => {
  const sockets = parseListeners(TABLE);
  const rows: readonly (readonly [string, number, string])[] = [
    ['every address of both families', 45001, 'listens *'],
    ['every IPv4 address', 45005, 'listens 0.0.0.0'],
    ['every IPv4 address of one link', 45007, 'listens 0.0.0.0'],
    ['the address itself', 45009, 'listens 10.76.1.2'],
    ['the address in IPv6 form', 45008, 'listens [::ffff:10.76.1.2]'],
    ['every IPv6 address and no other', 45002, 'elsewhere [::]'],
    ['127.0.0.1 only', 45003, 'elsewhere 127.0.0.1'],
    ['::1 only', 45004, 'elsewhere [::1]'],
    ['loopback of both families', 45006, 'elsewhere 127.0.0.1 [::1]'],
    ['another address', 45010, 'elsewhere 10.9.9.9'],
    ['a connection, which is no listener', 45011, 'nobody'],
    ['nothing', 7000, 'nobody'],
  ];
  for (const [what, port, expected] of rows) {
    it(`${what}: ${expected}`, () => {
      const found = listeningAt(sockets, '10.76.1.2', port);
      const where = found.kind === 'listens' ? [found.address] : found.kind === 'elsewhere' ? found.addresses : [];
      expect([found.kind, ...where].join(' ')).to.equal(expected);
    });
  }

  it('where nobody does, the ports that somebody has are known', () => {
    const found = listeningAt(parseListeners(TABLE.split('\n').slice(0, 2).join('\n')), '10.76.1.2', 1);
    expect(found).to.deep.equal({ kind: 'nobody', ports: [45003, 45005] });
    expect(listeningAt(parseListeners(''), '10.76.1.2', 1)).to.deep.equal({ kind: 'nobody', ports: [] });
  });
});
