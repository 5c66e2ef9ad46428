import { connect, type Socket } from 'node:net';
import { expect } from 'chai';
import { directTransport } from '#libs/mesh/direct-transport.js';
import { parseEndpoint } from '#libs/mesh/endpoint.js';
import { sourceOf } from '#libs/mesh/handshake-places.js';
import { waitFor } from '#test/support/wait.js';
import { flowBetween, introduce, TestMesh } from './conformance/mesh.js';

const STRANGER = '127.9.9.9';
const OTHER_STRANGER = '127.9.9.10';
const CONNECTIONS = 300;
const CONNECT_MS = 3_000;
/** The first bytes of a TLS record that is never completed. */
const RECORD = Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03]);

describe('handshakes of the mesh', () => {
  let mesh: TestMesh;
  const strangers: Socket[] = [];
  const timers: NodeJS.Timeout[] = [];

  beforeEach(async () => {
    mesh = await TestMesh.create(async () => directTransport({ listen: '127.0.0.1:0' }));
  });
  afterEach(async () => {
    for (const timer of timers.splice(0)) clearInterval(timer);
    for (const stranger of strangers.splice(0)) stranger.destroy();
    await mesh.close();
  });

  /** Connections from that address that stay open as long as allowed; their bytes are sent one at a time. */
  function stay(endpoint: string, localAddress: string, sent: Buffer): () => number {
    let open = 0;
    for (let count = 0; count < CONNECTIONS; count += 1) {
      const socket = connect({ ...parseEndpoint(endpoint, 'endpoint', false), localAddress });
      socket.on('error', () => undefined).resume();
      socket.once('connect', () => {
        open += 1;
        socket.once('close', () => {
          open -= 1;
        });
      });
      let place = 0;
      if (sent.length > 0) {
        timers.push(
          setInterval(() => socket.writable && socket.write(sent.subarray(place % sent.length, ++place)), 150),
        );
      }
      strangers.push(socket);
    }
    return () => open;
  }

  const rows: readonly (readonly [string, Buffer])[] = [
    ['are idle', Buffer.alloc(0)],
    ['send a byte now and then', RECORD],
  ];
  for (const [what, sent] of rows) {
    it(`of one address that ${what} leave room for a peer, and end in time`, async () => {
      const b = await mesh.start('host-b', { timings: { connectMs: CONNECT_MS } });
      const a = await mesh.start('host-a');
      const [endpoint = ''] = b.endpoints;
      const begun = performance.now();
      const open = stay(endpoint, STRANGER, sent);
      await waitFor(
        'most are sent away',
        () => b.log.filter(({ code }) => code === 'TOO_MANY_HANDSHAKES').length > 200,
      );
      introduce(a, b);
      introduce(b, a);
      await flowBetween(a, b);
      expect(performance.now() - begun, 'the peer waits for none of them').to.be.lessThan(CONNECT_MS);
      await waitFor('all are ended', () => open() === 0, CONNECT_MS * 2);
      stay(endpoint, STRANGER, sent);
      await waitFor(
        'there is room for some again',
        () => b.log.filter(({ code }) => code === 'TOO_MANY_HANDSHAKES').length > 400,
      );
    });
  }

  it('give their place back when the peer has proved who it is', async () => {
    const b = await mesh.start('host-b', { limits: { handshakesFromSource: 1 } });
    const a = await mesh.start('host-a');
    introduce(b, a);
    for (let count = 0; count < 3; count += 1) {
      introduce(a, b);
      await flowBetween(a, b);
      a.setPeers([]);
    }
    expect(b.log.filter(({ code }) => code === 'TOO_MANY_HANDSHAKES')).to.deep.equal([]);
  });

  it('of one address are so many a second, and leave room for a peer', async () => {
    const b = await mesh.start('host-b', { limits: { handshakesPerSecondFromSource: 5 } });
    const a = await mesh.start('host-a');
    const [endpoint = ''] = b.endpoints;
    const again = (): void => {
      const socket = connect({ ...parseEndpoint(endpoint, 'endpoint', false), localAddress: STRANGER });
      socket.on('error', () => undefined).once('connect', () => socket.end(Buffer.from('no handshake')));
      socket.once('close', () => strangers.includes(socket) && again());
      strangers.push(socket);
    };
    again();
    const refused = (code: string) => b.log.filter((entry) => entry.code === code).length;
    await waitFor('many are sent away', () => refused('TOO_MANY_HANDSHAKES') > 100);
    expect(refused('PEER_NOT_TRUSTED')).to.be.within(1, 30);
    introduce(a, b);
    introduce(b, a);
    await flowBetween(a, b);
  });

  it('of two addresses each have a share', async () => {
    const b = await mesh.start('host-b', { limits: { handshakesFromSource: 4 } });
    const [endpoint = ''] = b.endpoints;
    const first = stay(endpoint, STRANGER, Buffer.alloc(0));
    const second = stay(endpoint, OTHER_STRANGER, Buffer.alloc(0));
    await waitFor('each has its share', () => first() === 4 && second() === 4);
  });

  const sources: readonly (readonly [string, string])[] = [
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8:1:2::9', '2001:db8:1:2'],
    ['2001:db8::9', '2001:db8:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['::1', '0:0:0:0'],
  ];
  for (const [address, source] of sources) {
    it(`count ${address} as ${source}`, () => expect(sourceOf(address)).to.equal(source));
  }
});
