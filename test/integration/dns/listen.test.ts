import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect } from 'chai';
import { freePort } from '#test/support/ports.js';
import { waitFor } from '#test/support/wait.js';
import { dig, type Served, serve } from './served.js';

describe('DNS listen addresses', () => {
  let served: Served;
  beforeEach(async () => {
    served = await serve();
  });
  afterEach(() => served.server.close());

  it('are added and removed while running, and each answers from itself', async () => {
    const other = `127.0.0.3:${served.port}`;
    expect(await served.server.listen([`127.0.0.1:${served.port}`, other])).to.deep.equal([]);
    // dig ignores an answer from another address than the one it asked.
    expect((await dig(served.port, '@127.0.0.3', 'api.dev.gstacks')).status).to.equal('NOERROR');
    expect((await dig(served.port, '@127.0.0.3', '+tcp', 'api.dev.gstacks')).status).to.equal('NOERROR');
    expect((await dig(served.port, 'api.dev.gstacks')).status).to.equal('NOERROR');

    expect(await served.server.listen([other])).to.deep.equal([]);
    const removed = await dig(served.port, 'api.dev.gstacks').catch((error: Error) => error);
    expect(removed).to.be.instanceOf(Error);
    const taker = createSocket('udp4').bind(served.port, '127.0.0.1');
    await once(taker, 'listening');
    taker.close();
  });

  for (const transport of ['udp', 'tcp'] as const) {
    it(`in use over ${transport} are reported, the others serve, and neither half of a pair stays open`, async () => {
      const port = await freePort();
      const holder = transport === 'udp' ? createSocket('udp4') : createServer();
      if ('bind' in holder) holder.bind(port, '127.0.0.1');
      else holder.listen(port, '127.0.0.1');
      await once(holder, 'listening');
      const wanted = [`127.0.0.1:${served.port}`, `127.0.0.1:${port}`];
      try {
        const failures = await served.server.listen(wanted);
        expect(failures.map(({ address, code }) => ({ address, code }))).to.deep.equal([
          { address: `127.0.0.1:${port}`, code: 'EADDRINUSE' },
        ]);
        expect(failures[0]?.message).to.include('in use').and.include(String(port));
        expect((await dig(served.port, 'api.dev.gstacks')).status).to.equal('NOERROR');
      } finally {
        holder.close();
        await once(holder, 'close');
      }
      expect(await served.server.listen(wanted)).to.deep.equal([]);
      expect((await dig(port, 'api.dev.gstacks')).status).to.equal('NOERROR');
    });
  }

  it('that this host does not have, or that are no addresses, are reported', async () => {
    const failures = await served.server.listen(['192.0.2.1:53', 'localhost:53', '127.0.0.1:0']);
    expect(failures.map((failure) => failure.code)).to.deep.equal(['EADDRNOTAVAIL', 'INVALID_INPUT', 'INVALID_INPUT']);
  });

  it('that fail at the start are told as events, do not stop the start, and open once they can', async () => {
    const address = `127.0.0.1:${served.port}`;
    const second = await serve({ listen: [address] }, { listenRetryMs: 50 });
    try {
      expect(second.events).to.have.lengthOf(1);
      expect(second.events[0]).to.include({ kind: 'listen-failed', code: 'EADDRINUSE' });
      await served.server.close();
      await waitFor('the second takes over', () => second.events.length === 2);
      expect(second.events[1]).to.deep.equal({ kind: 'listen-recovered', address });
      expect((await dig(served.port, 'api.dev.gstacks')).status).to.equal('NOERROR');
    } finally {
      await second.server.close();
    }
  });
});
