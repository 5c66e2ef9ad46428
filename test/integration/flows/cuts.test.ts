import { once } from 'node:events';
import type { Socket } from 'node:net';
import { expect } from 'chai';
import { FlowRig, outcomeOf, PATHS, type Path } from '#test/support/flow-rig.js';
import { TEST_NETWORK } from '#test/support/network-view.js';
import { waitFor } from '#test/support/wait.js';

function openFlows(rig: FlowRig): number {
  return new Set(
    [...rig.hostA.flows(), ...rig.hostB.flows()].filter(({ state }) => state === 'open').map(({ flowId }) => flowId),
  ).size;
}

/** A connection that has carried a byte in each direction. */
async function greeted(rig: FlowRig): Promise<Socket> {
  const client = rig.connect();
  client.write('hello');
  await once(client, 'data');
  return client;
}

async function echoRig(path: Path): Promise<FlowRig> {
  const rig = await FlowRig.start({ ...path, serve: (socket) => socket.on('data', (bytes) => socket.write(bytes)) });
  rig.apply(rig.view(1));
  return rig;
}

for (const path of PATHS) {
  describe(`a denial while flows to a target ${path.name} are open`, () => {
    let rig: FlowRig;
    afterEach(() => rig.close());

    for (const count of [0, 1, 3]) {
      it(`cuts exactly the ${count} that are open, idle as they are, at both ends`, async () => {
        rig = await echoRig(path);
        const clients = await Promise.all(Array.from({ length: count }, () => greeted(rig)));
        const outcomes = [...clients, ...rig.targets].map(outcomeOf);
        expect(rig.apply(rig.denyingView(2))).to.have.length(count);
        expect(rig.hostA.flows().concat(rig.hostB.flows())).to.deep.equal([]);
        expect(await Promise.all(outcomes)).to.deep.equal(Array.from({ length: 2 * count }, () => 'ECONNRESET'));
        const cut = rig.records.filter(({ outcome }) => outcome === 'cut');
        expect(new Set(cut.map(({ code }) => code))).to.deep.equal(new Set(count > 0 ? ['EXPLICIT_DENY'] : []));
      });
    }

    it('ends them at the other host too before that has the version', async () => {
      rig = await echoRig(path);
      const clients = await Promise.all(Array.from({ length: 20 }, () => greeted(rig)));
      const outcomes = [...clients, ...rig.targets].map(outcomeOf);
      expect(rig.hostA.apply(TEST_NETWORK, rig.denyingView(2))).to.have.length(20);
      expect(await Promise.all(outcomes)).to.deep.equal(Array.from({ length: 40 }, () => 'ECONNRESET'));
      await waitFor('the other host to know', () => rig.hostB.flows().length === 0);
    });

    it('resets a client that connects afterwards, with no byte at the target', async () => {
      rig = await echoRig(path);
      rig.apply(rig.denyingView(2));
      const client = rig.connect();
      client.write('hello');
      expect(await outcomeOf(client)).to.equal('ECONNRESET');
      expect(rig.targets).to.have.length(0);
    });

    it('cuts a flow that the client has half-closed', async () => {
      rig = await echoRig(path);
      const client = await greeted(rig);
      const atTarget = await waitFor('the target', () => rig.targets[0]);
      client.end();
      await once(atTarget, 'end');
      const outcomes = [client, atTarget].map((socket) => once(socket, 'error').then(([error]) => error.code));
      client.resume();
      expect(rig.apply(rig.denyingView(2))).to.have.length(1);
      atTarget.write('too late');
      expect(await outcomes[0]).to.equal('ECONNRESET');
      expect(await outcomes[1]).to.be.oneOf(['ECONNRESET', 'EPIPE']);
    });

    it('cuts a flow that the target has half-closed', async () => {
      rig = await FlowRig.start({ ...path, serve: (socket) => socket.end('bye') });
      rig.apply(rig.view(1));
      const client = rig.connect();
      client.resume();
      await once(client, 'end');
      const [atTarget] = rig.targets;
      expect(atTarget).to.not.equal(undefined);
      const outcome = atTarget && outcomeOf(atTarget);
      expect(rig.apply(rig.denyingView(2))).to.have.length(1);
      expect(await outcome).to.equal('ECONNRESET');
      const failed = once(client, 'error');
      client.write('too late');
      expect((await failed)[0].code).to.be.oneOf(['ECONNRESET', 'EPIPE']);
    });

    it('cuts a flow in the turn of the loop in which its end is handed on', async () => {
      rig = await echoRig(path);
      const client = await greeted(rig);
      const atTarget = await waitFor('the target', () => rig.targets[0]);
      const outcome = new Promise((resolve) => atTarget.once('error', (error) => resolve(error)));
      client.end();
      atTarget.resume();
      // Applied from within the events that end and finish the sockets in this process, whether a shutdown is pending
      // or not.
      let cut: readonly string[] = [];
      await waitFor('the flow to have read the end', () => {
        cut = rig.apply(rig.denyingView(2));
        return cut.length === 1;
      });
      client.resume();
      await outcome;
      await waitFor('both sockets to be closed', () => client.destroyed && atTarget.destroyed);
    });

    it('drops what is buffered for a stalled reader: only what its kernel holds arrives', async () => {
      let written = 0;
      rig = await FlowRig.start({
        ...path,
        serve: (socket) => {
          const chunk = Buffer.alloc(1_000_000, 1);
          const flood = () => {
            for (;;) {
              written += chunk.length;
              if (!socket.write(chunk)) return socket.once('drain', flood);
            }
          };
          flood();
        },
      });
      rig.apply(rig.view(1));
      const client = rig.connect();
      client.pause();
      let seen = 0;
      let unchanged = 0;
      await waitFor('the flow to have come to a standstill', () => {
        unchanged = written === seen ? unchanged + 1 : 0;
        seen = written;
        return written > 0 && unchanged === 20;
      });
      expect(rig.apply(rig.denyingView(2))).to.have.length(1);
      let received = 0;
      client.on('data', (bytes: Buffer) => {
        received += bytes.length;
      });
      client.resume();
      const [error] = await once(client, 'error');
      expect(error.code).to.equal('ECONNRESET');
      const passedOn = rig.records.find(({ outcome, role }) => outcome === 'cut' && role === 'source')?.bytesToSource;
      expect(received).to.be.lessThan(passedOn ?? 0);
    });

    it('stops a busy flow: no byte arrives that was not with the kernel when it was cut', async () => {
      rig = await FlowRig.start({
        ...path,
        serve: (socket) => {
          const chunk = Buffer.alloc(256 * 1024, 1);
          const flood = () => {
            while (!socket.destroyed && socket.write(chunk));
          };
          socket.on('drain', flood);
          flood();
        },
      });
      rig.apply(rig.view(1));
      const client = rig.connect();
      let received = 0;
      client.on('data', (bytes: Buffer) => {
        received += bytes.length;
      });
      await waitFor('some megabytes', () => received > 4_000_000);
      const reset = once(client, 'error');
      rig.apply(rig.denyingView(2));
      const atCut = rig.records.find(({ outcome, role }) => outcome === 'cut' && role === 'source')?.bytesToSource ?? 0;
      expect((await reset)[0].code).to.equal('ECONNRESET');
      expect(received).to.be.at.most(atCut);
    });

    it('revives nothing when it is allowed again', async () => {
      rig = await echoRig(path);
      const client = await greeted(rig);
      rig.apply(rig.denyingView(2));
      rig.apply(rig.view(3));
      expect(openFlows(rig)).to.equal(0);
      expect(await outcomeOf(client)).to.equal('ECONNRESET');
      await greeted(rig);
      expect(openFlows(rig)).to.equal(1);
    });

    it('leaves a flow alone that the new version still allows', async () => {
      rig = await echoRig(path);
      const client = await greeted(rig);
      expect(rig.apply(rig.view(2))).to.deep.equal([]);
      client.write('again');
      expect(String(await once(client, 'data'))).to.equal('again');
    });

    it('cuts when the network is let go of, the alias removed, moved or its inside port changed', async () => {
      rig = await echoRig(path);
      const { port } = rig.route;
      const changes = [
        { aliases: {} },
        { aliases: { api: { sandbox: 'sbx-web', ports: [`${port}:${rig.targetPort}`] } } },
        { aliases: { api: { sandbox: 'sbx-api', ports: [`${port}:1`] } } },
        { sandboxes: { 'sbx-web': 'host-a', 'sbx-api': 'host-c' } },
        { sandboxes: { 'sbx-web': 'host-a', 'sbx-api': null } },
        { sandboxes: { 'sbx-api': path.target === 'same host' ? 'host-a' : 'host-b' } },
      ];
      for (const [index, change] of changes.entries()) {
        rig.apply(rig.view(2 * index + 1));
        const client = await greeted(rig);
        expect(rig.apply(rig.view(2 * index + 2, change)), JSON.stringify(change)).to.have.length(1);
        expect(await outcomeOf(client)).to.equal('ECONNRESET');
      }
      rig.apply(rig.view(100));
      const client = await greeted(rig);
      expect(rig.hostA.apply(rig.route.networkId, null)).to.have.length(1);
      expect(await outcomeOf(client)).to.equal('ECONNRESET');
    });

    it('resets the flows of a sandbox that is gone', async () => {
      rig = await echoRig(path);
      const client = await greeted(rig);
      const [flow] = rig.hostA.flows();
      if (flow?.source?.kind !== 'sandbox') throw new Error('no flow');
      rig.hostA.sandboxGone(flow.source.sandboxId);
      expect(await outcomeOf(client)).to.equal('ECONNRESET');
      await waitFor('the other end to follow', () => openFlows(rig) === 0);
    });
  });
}
