import { createServer, type Server } from 'node:net';
import { expect } from 'chai';
import { listeningSockets, parseSocketTable } from '#libs/program/listening-sockets.js';

const TABLE = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 31 1
   1: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 32 1
   2: 0100007F:1F91 0100007F:D431 01 00000000:00000000 00:00000000 00000000     0        0 33 1
`;
const TABLE_6 = `  sl  local_address                         remote_address                        st
   0: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000
`;

describe('the sockets that listen', () => {
  it('are those in state LISTEN of the kernel tables', () => {
    expect(parseSocketTable(TABLE)).to.deep.equal([
      { address: '127.0.0.1', isEveryAddress: false, port: 8080, inode: '31' },
      { address: '0.0.0.0', isEveryAddress: true, port: 22, inode: '32' },
    ]);
    expect(parseSocketTable(TABLE_6)).to.deep.equal([
      { address: '0'.repeat(32), isEveryAddress: true, port: 80, inode: '' },
    ]);
    expect(parseSocketTable('')).to.deep.equal([]);
  });

  const servers: Server[] = [];
  after(() => servers.map((server) => server.close()));

  it('are seen as soon as they listen', async () => {
    if (process.platform !== 'linux') return expect(await listeningSockets()).to.deep.equal([]);
    const server = createServer();
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.9', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : null;
    const found = (await listeningSockets()).filter((socket) => socket.port === port);
    expect(found.map(({ inode: _, ...rest }) => rest)).to.deep.include({
      address: '127.0.0.9',
      isEveryAddress: false,
      port,
    });
  });
});
