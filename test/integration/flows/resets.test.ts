import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { expect } from 'chai';
import { surviveFailedWrites } from '#libs/data-plane/flows/failed-writes.js';
import { FlowRig, PATHS } from '#test/support/flow-rig.js';
import { createHeldDial, type HeldDial } from '#test/support/held-dial.js';
import { waitFor } from '#test/support/wait.js';

const UPLOAD = Buffer.alloc(1_000_000, 'upload');
/** As much as a kernel accepts at once on a new connection: a reset by the test itself drops nothing of it. */
const SIZES = [300, 60_000];
const AT_ONCE = 25;

interface Received {
  readonly bytes: Buffer;
  /** `end`, or the error's code. */
  readonly how: string;
}

/** All bytes that arrive, also after a failed write, and how the connection ended. */
function receive(socket: Socket): Promise<Received> {
  const chunks: Buffer[] = [];
  surviveFailedWrites(socket, () => {});
  return new Promise((resolve) => {
    const settle = (how: string) => resolve({ bytes: Buffer.concat(chunks), how });
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.once('end', () => settle('end'));
    socket.once('error', (error) => settle('code' in error ? String(error.code) : error.message));
    socket.resume();
  });
}

/** Resets the connection as soon as the kernel has accepted the answer, without reading the rest of the request. */
function answerAndReset(socket: Socket, answer: Buffer): void {
  socket.once('readable', () => socket.write(answer, () => socket.resetAndDestroy()));
}

for (const path of PATHS) {
  describe(`what was sent before a reset, to or from a target ${path.name}`, () => {
    let rig: FlowRig;
    afterEach(() => rig.close());

    async function start(serve: (socket: Socket) => void, options = {}): Promise<void> {
      rig = await FlowRig.start({ ...path, serve, ...options });
      rig.apply(rig.view(1));
    }

    async function expectForgotten(): Promise<void> {
      await waitFor('the flows to be forgotten', () => rig.hostA.flows().length + rig.hostB.flows().length === 0);
    }

    for (const size of SIZES) {
      it(`reaches the client whole: ${size} bytes of an answer to an upload that is not read`, async () => {
        const answer = randomBytes(size);
        await start((socket) => answerAndReset(socket, answer));
        const answers = await Promise.all(
          Array.from({ length: AT_ONCE }, () => {
            const client = rig.connect();
            client.write(UPLOAD);
            return receive(client);
          }),
        );
        expect(answers.filter(({ bytes }) => bytes.equals(answer))).to.have.length(AT_ONCE);
        expect(new Set(answers.map(({ how }) => how))).to.deep.equal(new Set(['ECONNRESET']));
        await expectForgotten();
      });

      it(`reaches the target whole: ${size} bytes of a client that resets at once`, async () => {
        const request = randomBytes(size);
        const requests: Promise<Received>[] = [];
        await start((socket) => requests.push(receive(socket)));
        for (let count = 0; count < AT_ONCE; count += 1) {
          const client = rig.connect();
          await once(client, 'connect');
          await waitFor('the connection to be taken', () => rig.hostA.flows().length > 0);
          client.write(request, () => client.resetAndDestroy());
          await expectForgotten();
        }
        const received = await Promise.all(requests);
        expect(received.filter(({ bytes }) => bytes.equals(request))).to.have.length(AT_ONCE);
        expect(new Set(received.map(({ how }) => how))).to.deep.equal(new Set(['ECONNRESET']));
      });
    }

    it('reaches the target when the client reset while the dial was held', async () => {
      const words = randomBytes(20_000);
      const requests: Promise<Received>[] = [];
      let held: HeldDial | null = null;
      const dial = createHeldDial((dialled) => {
        held = dialled;
      });
      await start(
        (socket) => {
          requests.push(receive(socket));
        },
        { seams: { dial } },
      );
      const client = rig.connect();
      const dialled = await waitFor('the dial', () => held ?? undefined);
      client.write(words, () => client.resetAndDestroy());
      await once(client, 'close');
      dialled.release();
      const request = await waitFor('the target', () => requests[0]);
      expect(await request).to.deep.equal({ bytes: words, how: 'ECONNRESET' });
      await expectForgotten();
    });

    it('reaches the client when the target reset while the dial was held', async () => {
      const words = randomBytes(20_000);
      let held: HeldDial | null = null;
      const dial = createHeldDial((dialled) => {
        held = dialled;
      });
      await start(() => {}, { seams: { dial } });
      const client = rig.connect();
      const answer = receive(client);
      const dialled = await waitFor('the dial', () => held ?? undefined);
      const target = await waitFor('the target', () => rig.targets[0]);
      target.write(words, () => target.resetAndDestroy());
      await once(target, 'close');
      dialled.release();
      expect(await answer).to.deep.equal({ bytes: words, how: 'ECONNRESET' });
      await expectForgotten();
    });

    /** A client that reads nothing, and a target that sends until no more is accepted. */
    async function stalled(options = {}): Promise<{ readonly client: Socket; readonly target: Socket }> {
      await start((socket) => socket.resume().write(Buffer.alloc(16_000_000)), options);
      const client = rig.connect();
      client.pause();
      const target = await waitFor('the target', () => rig.targets[0]);
      await waitFor('bytes to have passed', () => passedOn() > 0);
      let seen = -1;
      let unchanged = 0;
      await waitFor('the flow to have come to a standstill', () => {
        unchanged = passedOn() === seen ? unchanged + 1 : 0;
        seen = passedOn();
        return unchanged === 10;
      });
      return { client, target };
    }

    function passedOn(): number {
      return rig.hostA.flows().find(({ role }) => role === 'source')?.bytesToSource ?? 0;
    }

    /** The agent notices the target's reset at its next write to it. */
    async function resetSeen(client: Socket, target: Socket): Promise<void> {
      target.resetAndDestroy();
      await once(target, 'close');
      client.write('one more byte');
      const uploaded = () =>
        [...rig.hostA.flows(), ...rig.hostB.flows()].filter(({ bytesToTarget }) => bytesToTarget > 0);
      await waitFor('the upload at each end', () => uploaded().length === 2);
    }

    it('reaches a slow reader whole', async () => {
      const { client, target } = await stalled();
      target.resetAndDestroy();
      const received = await receive(client);
      expect(received.how).to.equal('ECONNRESET');
      await expectForgotten();
      const ofSource = rig.records.find(({ outcome, role }) => outcome === 'reset' && role === 'source');
      expect(received.bytes.length).to.equal(ofSource?.bytesToSource);
    });

    it('is given up when its reader takes nothing for as long as that may last', async () => {
      const { client, target } = await stalled({ limits: { deliveryTimeoutMs: 200 } });
      await resetSeen(client, target);
      await expectForgotten();
      expect((await receive(client)).how).to.equal('ECONNRESET');
    });

    it('is dropped by a revocation', async () => {
      const { client, target } = await stalled();
      await resetSeen(client, target);
      const passedBefore = passedOn();
      expect(rig.apply(rig.denyingView(2))).to.have.length(1);
      const received = await receive(client);
      expect(received.how).to.equal('ECONNRESET');
      expect(received.bytes.length).to.be.lessThan(passedBefore);
    });

    it('ends cleanly for the client when the target had ended its answer before it closed', async () => {
      const answer = randomBytes(300_000);
      await start((socket) => {
        socket.once('readable', () => socket.end(answer, () => setImmediate(() => socket.destroy())));
      });
      const client = rig.connect();
      client.write(Buffer.alloc(1_000));
      const received = await receive(client);
      expect(received.bytes.equals(answer)).to.equal(true);
      expect(received.how).to.equal('end');
      const failed = once(client, 'close');
      const upload = setInterval(() => client.write(Buffer.alloc(1_000)), 5);
      await expectForgotten();
      clearInterval(upload);
      client.destroy();
      await failed;
    });
  });
}
