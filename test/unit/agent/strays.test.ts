import { expect } from 'chai';
import { type Connection, parseConnections, straysAmong } from '#apps/agent/sandboxes/firewall/strays.js';
import type { ListeningSocket } from '#libs/program/listening-sockets.js';

const REACH = {
  sandboxes: ['10.76.0.2', 'fd00:76::2'],
  resolvers: ['10.76.0.1'],
  proxyRange: '10.77.0.0/16',
};

function socket(address: string, port: number, isEveryAddress = false): ListeningSocket {
  return { address, port, isEveryAddress, inode: '1' };
}

/** A proxy, the resolver, the mesh, and a service on all addresses of both families. */
const SOCKETS = [
  socket('10.77.0.9', 8_080),
  socket('10.76.0.1', 53),
  socket('10.0.0.5', 34_773),
  socket('0'.repeat(32), 9_999, true),
];

describe('connections that sandboxes opened while no rules were in force', () => {
  const rows: readonly (readonly [string, Connection, boolean])[] = [
    ['to a proxy', { local: '10.77.0.9:8080', remote: '10.76.0.2:5000' }, false],
    ['to the resolver', { local: '10.76.0.1:53', remote: '10.76.0.2:5000' }, false],
    ['to the mesh', { local: '10.0.0.5:34773', remote: '10.76.0.2:5000' }, true],
    ['to a service at the uplink', { local: '10.0.0.5:9999', remote: '10.76.0.2:5000' }, true],
    ['to a service at the gateway', { local: '[::ffff:10.76.0.1]:9999', remote: '[::ffff:10.76.0.2]:5000' }, true],
    ['to a service at a proxy address', { local: '10.77.0.9:9999', remote: '10.76.0.2:5000' }, true],
    ['to a service over IPv6', { local: '[fd00:76::1]:9999', remote: '[fd00:76::2]:5000' }, true],
    ['by the host', { local: '10.77.255.3:40001', remote: '10.76.0.2:8080' }, false],
    ['by the host, from the port of the mesh', { local: '10.77.255.3:34773', remote: '10.76.0.2:8080' }, false],
    ['by somebody else', { local: '10.0.0.5:9999', remote: '10.0.0.6:5000' }, false],
  ];
  for (const [what, connection, isStray] of rows) {
    it(`${what}: ${isStray ? 'are cut' : 'stay'}`, () => {
      expect(straysAmong([connection], SOCKETS, REACH)).to.deep.equal(isStray ? [connection] : []);
    });
  }

  it('are read as ss prints them', () => {
    const printed = 'ESTAB 0      0      127.0.0.1:9999 127.0.0.1:55508\nSYN-RECV 0 0 [fd00::1]:80 [fd00::2]:1\n\n';
    expect(parseConnections(printed)).to.deep.equal([
      { local: '127.0.0.1:9999', remote: '127.0.0.1:55508' },
      { local: '[fd00::1]:80', remote: '[fd00::2]:1' },
    ]);
  });
});
