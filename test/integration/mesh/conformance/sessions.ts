import type { Duplex } from 'node:stream';
import { expect } from 'chai';
import { FlowRefusedError } from '#libs/mesh/flow.js';
import { FLOWS_PER_SESSION } from '#libs/mesh/settings.js';
import type { Transport } from '#libs/mesh/transport.js';
import { agent, agentIdentity, flowRequest, peerNamed, TestStore } from '#test/support/mesh-store.js';
import { waitFor } from '#test/support/wait.js';
import { flowBetween, introduce, never, open, TestMesh, type TestNode, type TransportFactory } from './mesh.js';
import { ending, failure, observe } from './observe.js';

export function keepsSessions(newTransport: TransportFactory): void {
  describe('sessions', () => {
    let mesh: TestMesh;
    beforeEach(async () => {
      mesh = await TestMesh.create(newTransport);
    });
    afterEach(() => mesh.close());

    it('dials once for 100 flows asked for at the same moment', async () => {
      const [a, b] = await mesh.pair();
      await Promise.all(Array.from({ length: 100 }, () => flowBetween(a, b)));
      expect(a.dials()).to.equal(1);
    });

    it('opens another session for flows beyond what one takes', async () => {
      const [a, b] = await mesh.pair();
      b.onFlow((flow) => void flow.accept(1).on('error', () => undefined));
      await Promise.all(Array.from({ length: FLOWS_PER_SESSION + 10 }, () => open(a, b)));
      expect(a.dials()).to.equal(2);
    });

    it('refuses flows beyond what all sessions take', async () => {
      const [a, b] = await mesh.pair({ a: { limits: { sessionsPerPeer: 1 } } });
      b.onFlow((flow) => void flow.accept(1).on('error', () => undefined));
      const flows = await Promise.all(Array.from({ length: FLOWS_PER_SESSION }, () => open(a, b)));
      expect(await failure(open(a, b))).to.equal('PEER_BUSY');
      flows[0]?.reset('DONE');
      await waitFor('there is room again', async () => (await failure(open(a, b))) === 'no error');
    });

    it('moves to a new session before stream ids run out, and leaves open flows in theirs', async () => {
      const [a, b] = await mesh.pair({ a: { limits: { flowsBeforeRotation: 10 } } });
      const [kept, keptTarget] = await flowBetween(a, b);
      const seen = observe(keptTarget);
      for (let count = 0; count < 24; count += 1) {
        const [source, target] = await flowBetween(a, b);
        const atTarget = observe(target);
        source.end();
        target.end();
        expect(await ending(atTarget)).to.equal('end');
        source.resume();
      }
      expect(a.dials()).to.equal(3);
      await waitFor('the second session has ended with its last flow', () => a.connections() === 2);
      kept.end('as before');
      keptTarget.end();
      kept.resume();
      expect(await ending(seen)).to.equal('end');
      await waitFor('and so has the first', () => a.connections() === 1);
    });

    it('carries a refusal: its code, its words, and the version it was decided on', async () => {
      const [a, b] = await mesh.pair();
      for (const [code, message, version] of [
        ['DEFAULT_DENY', 'no rule allows sandbox:web to api:8080', 12],
        ['NO_ALIAS', 'ünïcode, 100 % and\r\nlines', 0],
        ['STALE', '', null],
      ] as const) {
        const asked = open(a, b).catch((error: unknown) => error);
        (await waitFor('the flow is asked for', () => b.waiting.shift())).refuse(code, message, version);
        const error = await asked;
        expect(error).to.be.instanceOf(FlowRefusedError);
        expect(error).to.deep.include({ code, message, targetVersion: version });
      }
      expect(a.dials()).to.equal(1);
    });

    it('carries what was asked for, and the version that the target accepted on', async () => {
      const [a, b] = await mesh.pair();
      const request = flowRequest({ port: 65_535, version: Number.MAX_SAFE_INTEGER });
      const asked = a.open(agent('host-b'), request, never());
      const incoming = await waitFor('the flow is asked for', () => b.waiting.shift());
      expect(incoming.request).to.deep.equal(request);
      incoming.accept(41).on('error', () => undefined);
      const flow = await asked;
      flow.on('error', () => undefined);
      expect(flow.targetVersion).to.equal(41);
    });

    it('lets a flow be answered once', async () => {
      const [a, b] = await mesh.pair();
      open(a, b).catch(() => undefined);
      const incoming = await waitFor('the flow is asked for', () => b.waiting.shift());
      incoming.refuse('NO', 'no', 1);
      expect(() => incoming.accept(1)).to.throw('answered twice');
    });

    it('gives up on a target that does not answer, and tells it', async () => {
      const [a, b] = await mesh.pair({ a: { timings: { answerMs: 100 } } });
      expect(await failure(open(a, b))).to.equal('PEER_LOST');
      await waitFor('the target is told', () => b.waiting[0]?.signal.aborted);
    });

    it('knows no peer that it was not told of', async () => {
      const a = await mesh.start('host-a');
      expect(await failure(a.open(agent('host-b'), flowRequest(), never()))).to.equal('PEER_UNKNOWN');
      a.setPeers([peerNamed('host-b')]);
      expect(await failure(a.open(agent('host-b'), flowRequest(), never()))).to.equal('PEER_UNKNOWN');
    });

    it('reaches a peer the moment it is back, however often it failed before', async () => {
      const [a, b] = await mesh.pair();
      await b.close();
      for (let count = 0; count < 5; count += 1) expect(await failure(open(a, b))).to.equal('PEER_UNREACHABLE');
      const again = await mesh.start('host-b');
      introduce(again, a);
      await flowBetween(a, again);
    });

    it('reaches a peer that has restarted since the last flow', async () => {
      const [a, b] = await mesh.pair();
      await flowBetween(a, b);
      await b.close();
      const again = await mesh.start('host-b');
      introduce(again, a);
      await flowBetween(a, again);
    });

    it('tries the endpoints in their order until one leads to the peer', async () => {
      const dead = await mesh.start('dead');
      const stranger = await mesh.start('host-c');
      const b = await mesh.start('host-b');
      const a = await mesh.start('host-a');
      await dead.close();
      introduce(b, a);
      const endpoints = [...dead.endpoints, ...stranger.endpoints, ...b.endpoints];
      a.setPeers([peerNamed('host-b', endpoints)]);
      await flowBetween(a, b);
      expect(a.dials()).to.equal(3);
    });

    it('dials anew when a peer has moved, and lets go of the old session with its last flow', async () => {
      const [a, old] = await mesh.pair();
      const [source, target] = await flowBetween(a, old);
      const b = await mesh.start('host-b', { transport: await newTransport('host-b, elsewhere') });
      introduce(a, b);
      introduce(b, a);
      await flowBetween(a, b);
      expect(a.connections()).to.equal(2);
      const seen = observe(target);
      observe(source);
      source.end('as before');
      target.end();
      expect(await ending(seen)).to.equal('end');
      await waitFor('the old session is gone', () => a.connections() === 1);
    });

    it('lets go of a session at an address that the peer left while it was dialled', async () => {
      const [b, c] = [await mesh.start('host-b'), await mesh.start('host-c')];
      const transport = await newTransport('host-a');
      const gate = Promise.withResolvers<void>();
      const dialled: string[] = [];
      const held: Transport = {
        ...transport,
        dial: async (endpoint, signal) => {
          dialled.push(endpoint);
          if (dialled.length === 1) await gate.promise;
          return transport.dial(endpoint, signal);
        },
      };
      const a = await mesh.start('host-a', { transport: held });
      introduce(a, b);
      for (const target of [b, c]) introduce(target, a);
      const asked = failure(a.open(agent('host-b'), flowRequest(), never()));
      await waitFor('the dial has begun', () => dialled.length === 1);
      a.setPeers([{ agentId: agent('host-b'), endpoints: c.endpoints, keyThumbprint: null }]);
      gate.resolve();
      expect(await asked).to.equal('PEER_IDENTITY_MISMATCH');
      expect(dialled).to.deep.equal([...b.endpoints, ...c.endpoints]);
      await waitFor('the old session is gone', () => a.connections() === 0);
    });

    it('does not wait for a peer that takes the connection and says nothing', async () => {
      const { endpoints } = (await mesh.silent()).status();
      // Longer than a connection takes on a busy machine.
      const a = await mesh.start('host-a', { timings: { connectMs: 1_000 } });
      a.setPeers([peerNamed('host-b', endpoints)]);
      expect(await failure(a.open(agent('host-b'), flowRequest(), never()))).to.equal('PEER_NOT_TRUSTED');
    });

    for (const [when, leave] of [
      ['the node closes', (a: TestNode) => a.close()],
      ['the peer is removed', async (a: TestNode) => a.setPeers([])],
    ] as const) {
      it(`leaves a dial when the caller gives up, and ends it when ${when}`, async () => {
        const { endpoints } = (await mesh.silent()).status();
        const a = await mesh.start('host-a');
        a.setPeers([peerNamed('host-b', endpoints)]);
        const leaving = new AbortController();
        const asked = failure(a.open(agent('host-b'), flowRequest(), leaving.signal));
        const patient = failure(a.open(agent('host-b'), flowRequest(), never()));
        await waitFor('the dial has come', () => a.connections() === 1);
        leaving.abort(new Error('the client left'));
        expect(await asked).to.equal('Error: the client left');
        expect(a.connections()).to.equal(1);
        await leave(a);
        await waitFor('the connection is gone', () => a.connections() === 0, 1_000);
        expect(await patient).to.equal('PEER_NOT_TRUSTED');
      });
    }

    it('bounds the connections that have proved nothing', async () => {
      const b = await mesh.start('host-b', { limits: { handshakesAtOnce: 3 }, timings: { connectMs: 1_000 } });
      const dialler = await mesh.dialler();
      const strangers = await Promise.all(Array.from({ length: 5 }, () => dialler.dial(b.endpoints[0] ?? '', never())));
      let closed = 0;
      for (const stranger of strangers) {
        stranger.on('error', () => undefined).on('close', () => (closed += 1));
        stranger.resume();
      }
      await waitFor(
        'two are sent away at once',
        () => b.log.filter(({ code }) => code === 'TOO_MANY_HANDSHAKES').length === 2,
      );
      await waitFor('the others when their time is up', () => closed === 5);
      const a = await mesh.start('host-a');
      introduce(a, b);
      introduce(b, a);
      await flowBetween(a, b);
    });

    it('forgets a connection that failed to prove itself, however it failed', async () => {
      const b = await mesh.start('host-b', { limits: { handshakesAtOnce: 1 }, timings: { connectMs: 1_000 } });
      const dialler = await mesh.dialler();
      const authority = await TestStore.create('store-1');
      const stranger = await mesh.start('host-c', {
        credentials: await authority.credentials(agentIdentity('host-c')),
      });
      introduce(stranger, b);
      const gone = async (fail: (connection: Duplex) => void) => {
        const connection = await dialler.dial(b.endpoints[0] ?? '', never());
        let closed = false;
        connection
          .on('error', () => undefined)
          .on('close', () => {
            closed = true;
          });
        connection.resume();
        fail(connection);
        await waitFor('the connection is over', () => closed);
      };
      await gone((connection) => connection.end());
      await gone((connection) => connection.destroy());
      await gone((connection) => connection.write('GET / HTTP/1.1\r\n\r\n'));
      await gone((connection) => connection.write(Buffer.from([0x16, 0x03, 0x01, 0x00, 0x05, 0x01])));
      expect(await failure(open(stranger, b))).to.be.oneOf(['PEER_NOT_TRUSTED', 'PEER_REFUSED_SESSION']);
      const a = await mesh.start('host-a');
      introduce(a, b);
      introduce(b, a);
      b.onFlow((flow) => flow.refuse('REACHED', 'the flow engine', 1));
      await waitFor('there is room for an honest peer', async () => (await failure(open(a, b))) === 'REACHED');
    });

    it('bounds the sessions of one peer', async () => {
      const limits = { flowsBeforeRotation: 1 };
      const [a, b] = await mesh.pair({ a: { limits }, b: { limits: { sessionsFromPeer: 3 } } });
      for (let count = 0; count < 3; count += 1) await flowBetween(a, b);
      expect(await failure(open(a, b))).to.equal('PEER_REFUSED_SESSION');
      expect(b.log.map(({ code }) => code)).to.deep.equal(['TOO_MANY_SESSIONS']);
    });
  });
}
