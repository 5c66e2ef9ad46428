import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { finished } from 'node:stream/promises';
import { expect } from 'chai';
import { FlowRig, outcomeOf, PATHS } from '#test/support/flow-rig.js';
import { waitFor } from '#test/support/wait.js';

const TEN_MEGABYTES = 10_000_000;

async function readAll(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(socket, 'end');
  return Buffer.concat(chunks);
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

for (const path of PATHS) {
  describe(`bytes of a flow to a target ${path.name}`, () => {
    let rig: FlowRig;
    afterEach(() => rig.close());

    it('carries 10 MB each way byte for byte, the client ending first', async () => {
      const down = randomBytes(TEN_MEGABYTES);
      const up = randomBytes(TEN_MEGABYTES);
      let received: Promise<Buffer> | null = null;
      rig = await FlowRig.start({
        ...path,
        serve: (socket) => {
          received = readAll(socket);
          // The server answers only after the client has ended its side, so only a half-close lets this pass.
          void received.then(() => socket.end(down));
        },
      });
      rig.apply(rig.view(1));
      const client = rig.connect();
      client.end(up);
      const answer = await readAll(client);
      expect(sha256(answer)).to.equal(sha256(down));
      expect(sha256((await received) ?? Buffer.alloc(0))).to.equal(sha256(up));
      await waitFor('the flow to be forgotten', () => rig.hostA.flows().length + rig.hostB.flows().length === 0);
      const ended = rig.records.filter(({ outcome }) => outcome === 'ended');
      expect(ended.map(({ role }) => role).sort()).to.deep.equal(['source', 'target']);
      for (const { bytesToSource, bytesToTarget } of ended) {
        expect([bytesToTarget, bytesToSource]).to.deep.equal([TEN_MEGABYTES, TEN_MEGABYTES]);
      }
    });

    it('carries 10 MB each way at once, the target ending first', async () => {
      const down = randomBytes(TEN_MEGABYTES);
      const up = randomBytes(TEN_MEGABYTES);
      let received: Promise<Buffer> | null = null;
      rig = await FlowRig.start({
        ...path,
        serve: (socket) => {
          received = readAll(socket);
          socket.end(down);
        },
      });
      rig.apply(rig.view(1));
      const client = rig.connect();
      client.write(up);
      const answer = await readAll(client);
      client.end();
      expect(sha256(answer)).to.equal(sha256(down));
      const atTarget = await waitFor('the target to be dialled', () => received ?? undefined);
      expect(sha256(atTarget)).to.equal(sha256(up));
    });

    it('carries 200 flows at once, each its own bytes', async () => {
      rig = await FlowRig.start({ ...path, serve: (socket) => socket.pipe(socket) });
      rig.apply(rig.view(1));
      await Promise.all(
        Array.from({ length: 200 }, async (_, index) => {
          const bytes = randomBytes(20_000 + index);
          const client = rig.connect();
          client.end(bytes);
          expect(sha256(await readAll(client))).to.equal(sha256(bytes));
          client.destroy();
        }),
      );
    });

    it('lets 50 stalled readers stop nobody else', async () => {
      rig = await FlowRig.start({
        ...path,
        serve: (socket) =>
          socket.once('data', (first: Buffer) => {
            if (first.toString() === 'flood') socket.write(Buffer.alloc(4_000_000));
            else socket.end(first);
          }),
      });
      rig.apply(rig.view(1));
      const stalled = Array.from({ length: 50 }, () => {
        const client = rig.connect();
        client.pause();
        client.write('flood');
        return client;
      });
      await waitFor('every flood to have begun', () => rig.targets.length === stalled.length);
      const client = rig.connect();
      client.write('hello');
      expect((await readAll(client)).toString()).to.equal('hello');
    });

    it('makes a reset by the target a reset at the client', async () => {
      rig = await FlowRig.start({ ...path, serve: (socket) => socket.once('data', () => socket.resetAndDestroy()) });
      rig.apply(rig.view(1));
      const client = rig.connect();
      client.write('hello');
      expect(await outcomeOf(client)).to.equal('ECONNRESET');
    });

    it('makes a reset by the client a reset at the target', async () => {
      rig = await FlowRig.start({ ...path, serve: (socket) => socket.write('hello') });
      rig.apply(rig.view(1));
      const client = rig.connect();
      await once(client, 'data');
      const outcome = outcomeOf(await waitFor('the target', () => rig.targets[0]));
      client.resetAndDestroy();
      expect(await outcome).to.equal('ECONNRESET');
    });

    it('makes a reset after a half-close a reset, not an end', async () => {
      rig = await FlowRig.start({ ...path, serve: (socket) => socket.end('hello') });
      rig.apply(rig.view(1));
      const client = rig.connect();
      expect((await readAll(client)).toString()).to.equal('hello');
      const outcome = outcomeOf(await waitFor('the target', () => rig.targets[0]));
      client.resetAndDestroy();
      expect(await outcome).to.equal('ECONNRESET');
    });

    it('resets the client when nothing listens in the sandbox', async () => {
      rig = await FlowRig.start({ ...path, serve: (socket) => socket.end() });
      const { port } = rig.route;
      rig.apply(rig.view(1, { aliases: { api: { sandbox: 'sbx-api', ports: [`${port}:1`] } } }));
      const client = rig.connect();
      expect(await outcomeOf(client)).to.equal('ECONNRESET');
      expect(rig.records.map(({ outcome, code }) => `${outcome} ${code}`)).to.include('refused TARGET_REFUSED');
    });

    it('forgets a flow whose client closed', async () => {
      rig = await FlowRig.start({ ...path, serve: (socket) => socket.on('end', () => socket.end()).resume() });
      rig.apply(rig.view(1));
      const client = rig.connect();
      client.end('hello');
      client.resume();
      await finished(client);
      await waitFor('the flow to be forgotten', () => rig.hostA.flows().length + rig.hostB.flows().length === 0);
    });
  });
}
