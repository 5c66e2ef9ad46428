import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { expect } from 'chai';
import { resetSocket } from '#libs/data-plane/flows/reset-socket.js';
import { outcomeOf } from '#test/support/flow-rig.js';

describe('resetting a socket', () => {
  let server: Server;
  let near: Socket;
  let far: Socket;

  beforeEach(async () => {
    server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const accepted = once(server, 'connection');
    near = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true });
    near.on('error', () => {});
    [[far]] = await Promise.all([accepted, once(near, 'connect')]);
  });

  afterEach(() => {
    near.destroy();
    far.destroy();
    server.close();
  });

  it('is a reset at the other end when nothing was going on', async () => {
    const outcome = outcomeOf(far);
    resetSocket(near);
    expect(near.destroyed).to.equal(true);
    expect(await outcome).to.equal('ECONNRESET');
  });

  it('drops what waits to be written, ended or not', async () => {
    far.pause();
    while (near.write(Buffer.alloc(1_000_000)));
    near.end();
    resetSocket(near);
    expect(near.destroyed).to.equal(true);
    expect(await outcomeOf(far)).to.equal('ECONNRESET');
  });

  /** A peer that has read an end notices a reset at its next write; after a normal close that write would succeed. */
  async function hearsReset(): Promise<void> {
    const failed = once(far, 'error');
    far.write('into the void');
    expect((await failed)[0].code).to.be.oneOf(['EPIPE', 'ECONNRESET']);
  }

  it('follows a shutdown that waits in the loop, so that no descriptor is left behind', async () => {
    far.resume();
    near.write('last');
    near.end();
    resetSocket(near);
    expect(near.destroyed, 'destroyed before its shutdown was made').to.equal(false);
    await once(near, 'close');
    await hearsReset();
  });

  it('resets after the shutdown was made', async () => {
    far.resume();
    near.end();
    await once(near, 'finish');
    resetSocket(near);
    expect(near.destroyed).to.equal(true);
    await once(near, 'close');
    await hearsReset();
  });

  it('only closes a socket that is not connected yet', async () => {
    const connecting = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' });
    resetSocket(connecting);
    await once(connecting, 'close');
    expect(connecting.destroyed).to.equal(true);
  });
});
