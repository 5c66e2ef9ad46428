import { expect } from 'chai';
import { hostServices } from '#apps/agent/sandboxes/inspection/host-services.js';
import type { ListeningSocket } from '#libs/program/listening-sockets.js';

const PROXIES = [{ address: '10.77.0.9', port: 8_080 }];
const RESOLVERS = ['10.76.0.1:53'];

function socket(address: string, port: number, isEveryAddress = false): ListeningSocket {
  return { address, port, isEveryAddress, inode: '1' };
}

describe('the services of a host that no sandbox may reach', () => {
  const rows: readonly (readonly [string, readonly ListeningSocket[], readonly unknown[]])[] = [
    ["leave out the agent's proxies and resolvers", [socket('10.77.0.9', 8_080), socket('10.76.0.1', 53)], []],
    ['leave out what listens on loopback addresses', [socket('127.0.0.1', 5_432)], []],
    ['include what listens on one address', [socket('10.0.0.5', 22)], [{ address: '10.0.0.5', port: 22 }]],
    ["include another port of a proxy's address", [socket('10.77.0.9', 22)], [{ address: '10.77.0.9', port: 22 }]],
    [
      'include what listens on every address, once for both families',
      [socket('0.0.0.0', 9_999, true), socket('0'.repeat(32), 9_999, true)],
      [{ address: null, port: 9_999 }],
    ],
    ["leave out the resolver's port on every address", [socket('0.0.0.0', 53, true)], []],
    ['leave out the resolver of another agent', [socket('10.76.128.1', 53)], []],
  ];
  for (const [what, sockets, expected] of rows) {
    it(what, () => expect(hostServices(sockets, PROXIES, RESOLVERS)).to.deep.equal(expected));
  }
});
