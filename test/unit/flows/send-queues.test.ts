import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { expect } from 'chai';
import { connectionKey, unacknowledgedIn } from '#libs/data-plane/flows/send-queue-table.js';
import { SendQueues } from '#libs/data-plane/flows/send-queues.js';
import { waitFor } from '#test/support/wait.js';

const MORE_THAN_A_WINDOW = Buffer.alloc(16_000_000);

/** The server's listen address and the client's target, in the form of the kernel's tables. */
const FAMILIES = [
  { name: 'IPv4', listen: '127.0.0.1', dial: '127.0.0.1', table: 'tcp' },
  { name: 'IPv6', listen: '::1', dial: '::1', table: 'tcp6' },
  { name: 'IPv4 at an IPv6 socket', listen: '::', dial: '127.0.0.1', table: 'tcp6' },
] as const;

for (const { name, listen, dial, table } of FAMILIES) {
  describe(`what a connection over ${name} has yet to deliver`, () => {
    let server: Server;
    let sender: Socket;
    let reader: Socket;

    beforeEach(async () => {
      server = createServer({ pauseOnConnect: true }).listen(0, listen);
      await once(server, 'listening');
      const accepted = once(server, 'connection');
      reader = connect({ host: dial, port: (server.address() as AddressInfo).port });
      reader.pause();
      [[sender]] = await Promise.all([accepted, once(reader, 'connect')]);
    });

    afterEach(() => {
      reader.destroy();
      sender.destroy();
      server.close();
    });

    async function unacknowledged(): Promise<number | undefined> {
      const { localAddress = '', localPort = 0, remoteAddress = '', remotePort = 0 } = sender;
      const key = connectionKey(localAddress, localPort, remoteAddress, remotePort);
      return unacknowledgedIn(await readFile(`/proc/self/net/${table}`, 'latin1'), new Set([key])).get(key);
    }

    it('is read from the kernel', async () => {
      expect(await unacknowledged()).to.equal(0);
      sender.write(MORE_THAN_A_WINDOW);
      await waitFor('bytes that are not acknowledged', async () => ((await unacknowledged()) ?? 0) > 100_000);
      reader.resume();
      await waitFor('all is acknowledged', async () => (await unacknowledged()) === 0);
    });

    it('is waited for, as long as the reader takes', async () => {
      let isEmpty = false;
      sender.write(MORE_THAN_A_WINDOW);
      new SendQueues().whenEmpty(sender, () => {
        isEmpty = true;
      });
      const { bytesRead } = reader;
      await waitFor('bytes that are not acknowledged', async () => ((await unacknowledged()) ?? 0) > 100_000);
      expect([isEmpty, reader.bytesRead]).to.deep.equal([false, bytesRead]);
      reader.resume();
      await waitFor('the end of the wait', () => isEmpty);
      expect(reader.bytesRead).to.be.greaterThan(100_000);
    });

    it('is nothing any more when the reader is gone, or the sender was closed', async () => {
      let ends = 0;
      const queues = new SendQueues();
      await new Promise<void>((resolve) => sender.write(Buffer.alloc(1_000_000), () => resolve()));
      queues.whenEmpty(sender, () => {
        ends += 1;
      });
      reader.resetAndDestroy();
      await waitFor('the end of the wait', () => ends === 1);
      sender.destroy();
      queues.whenEmpty(sender, () => {
        ends += 1;
      });
      expect(ends).to.equal(2);
    });
  });
}

describe('a system without a table of connections', () => {
  it('waits for a moment, and then takes all for delivered', async () => {
    const server = createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const sender = connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port });
    await once(sender, 'connect');
    await new Promise<void>((resolve) => sender.write(Buffer.alloc(10_000), () => resolve()));
    await new Promise<void>((resolve) => new SendQueues('/nowhere').whenEmpty(sender, resolve));
    sender.destroy();
    server.close();
    await once(server, 'close');
  });
});
