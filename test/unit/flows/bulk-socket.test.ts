import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { expect } from 'chai';
import { type BulkReads, readPlainly, takeOver } from '#libs/data-plane/flows/bulk-socket.js';
import { waitFor } from '#test/support/wait.js';

/** Reads into one small buffer, a few bytes at a time. */
class Reads implements BulkReads {
  readonly own = Buffer.alloc(16);
  readonly buffersSeen = new Set<Uint8Array>();
  text = '';
  goOn = true;

  readonly buffer = () => this.own;

  readonly callback = (length: number, bytes: Uint8Array): boolean => {
    this.buffersSeen.add(bytes);
    this.text += Buffer.from(bytes.subarray(0, length)).toString();
    return this.goOn;
  };
}

describe('taking over an accepted connection', () => {
  let server: Server;
  let client: Socket;
  let accepted: Socket;

  beforeEach(async () => {
    server = createServer({ allowHalfOpen: true, pauseOnConnect: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const connection = once(server, 'connection');
    client = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true });
    [[accepted]] = await Promise.all([connection, once(client, 'connect')]);
  });

  afterEach(() => {
    client.destroy();
    accepted.destroy();
    server.close();
  });

  it('finds the handle that this Node keeps, and reads into the one buffer given', async () => {
    const reads = new Reads();
    const socket = takeOver(accepted, reads);
    expect(socket, 'Node changed its handle: every read now costs a buffer of its own').to.not.equal(accepted);
    socket.resume();
    client.write('twenty bytes, no more');
    await waitFor('the bytes', () => reads.text === 'twenty bytes, no more');
    expect([...reads.buffersSeen]).to.deep.equal([reads.own]);
    socket.destroy();
  });

  for (const [name, take] of [
    ['around the handle', takeOver],
    ['the plain way', readPlainly],
  ] as const) {
    describe(name, () => {
      it('reads nothing before it is resumed, and stops when told to', async () => {
        const reads = new Reads();
        const socket = take(accepted, reads);
        client.write('first');
        // The round trip of another connection: anything sent before it would have arrived.
        const other = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' });
        await once(server, 'connection');
        other.destroy();
        expect(reads.text).to.equal('');
        reads.goOn = false;
        socket.resume();
        await waitFor('the first bytes', () => reads.text === 'first');
        client.write('second');
        expect(socket.isPaused() || reads.text === 'first').to.equal(true);
        reads.goOn = true;
        socket.resume();
        await waitFor('the rest', () => reads.text === 'firstsecond');
        socket.destroy();
      });

      it('keeps addresses, half-close and reset', async () => {
        const socket = take(accepted, new Reads());
        expect(socket.remotePort).to.equal(client.localPort);
        socket.resume();
        client.end();
        await once(socket, 'end');
        socket.write('after the end');
        expect(String((await once(client, 'data'))[0])).to.equal('after the end');
        const failed = once(client, 'error');
        socket.resetAndDestroy();
        expect((await failed)[0].code).to.equal('ECONNRESET');
      });
    });
  }

  it('is no longer counted by its server', async () => {
    const socket = takeOver(accepted, new Reads());
    server.close();
    await once(server, 'close');
    expect(socket.destroyed).to.equal(false);
    socket.destroy();
  });
});
