import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { BufferedConnection, MOST_UNSENT_BYTES } from '#libs/mesh/buffered-connection.js';
import { waitFor } from '#test/support/wait.js';

const MEGABYTE = 1024 * 1024;

describe('a buffered connection', () => {
  let server: Server;
  let far: Socket;
  let socket: Socket;
  let near: BufferedConnection;

  beforeEach(async () => {
    server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const accepted = once(server, 'connection');
    socket = connect({ host: '127.0.0.1', port: typeof address === 'object' && address ? address.port : 0 });
    [far] = await accepted;
    far.pause();
    near = new BufferedConnection(socket);
  });

  afterEach(async () => {
    near.destroy();
    far.destroy();
    await new Promise((closed) => server.close(closed));
  });

  const written = (bytes: number) =>
    new Promise<void>((resolve, reject) =>
      near.write(Buffer.alloc(bytes), (error) => (error ? reject(error) : resolve())),
    );

  it('takes at once what cannot be sent yet, goes on reading meanwhile, and tells when it was sent', async () => {
    let told = 0;
    near.onSent(() => {
      told += 1;
    });
    for (let count = 0; count < 12; count += 1) await written(MEGABYTE);
    expect(near.unsent).to.be.greaterThan(0);
    expect(near.taken).to.equal(12 * MEGABYTE);
    far.write('a question');
    const [question] = await once(near, 'data');
    expect(String(question)).to.equal('a question');
    far.resume();
    await waitFor('all is sent', () => near.unsent === 0 && told === 12);
  });

  it('takes no more when too much waits, until that was sent', async () => {
    let taken = 0;
    const writeOn = (): void => {
      near.write(Buffer.alloc(MEGABYTE), (error) => {
        if (error) return;
        taken += 1;
        writeOn();
      });
    };
    writeOn();
    let before = -1;
    await waitFor('it takes no more', () => {
      const isSame = before === taken && taken > 0;
      before = taken;
      return isSame;
    });
    expect(near.unsent).to.be.within(MOST_UNSENT_BYTES / 2, MOST_UNSENT_BYTES + MEGABYTE);
    far.resume();
    await waitFor('it goes on', () => taken > before + MOST_UNSENT_BYTES / MEGABYTE);
  });

  it('ends and is destroyed with what is below, in both directions', async () => {
    far.resume();
    const ended = once(far, 'end');
    near.end('the last word');
    await ended;
    const closed = once(near.resume(), 'close');
    far.end();
    await closed;
    expect(near.destroyed).to.equal(true);
  });

  it('is still read to the end when what is below has closed', async () => {
    const closed = once(socket, 'close');
    far.resume().end('the last word');
    near.end();
    await closed;
    expect(await text(near)).to.equal('the last word');
  });

  it('passes on the error of what is below', async () => {
    const failed = once(near, 'error');
    far.resetAndDestroy();
    near.write('too late');
    expect((await failed)[0])
      .to.have.property('code')
      .that.is.oneOf(['ECONNRESET', 'EPIPE']);
  });
});
