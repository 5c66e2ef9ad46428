import { expect } from 'chai';
import { parseLocalNodeId, parseUserName } from '#libs/contracts/ids.js';
import { FlowRefusedError, type IncomingProbe } from '#libs/mesh/flow.js';
import { agent, flowRequest } from '#test/support/mesh-store.js';
import { waitFor } from '#test/support/wait.js';
import { flowBetween, introduce, never, TestMesh, type TestNode, type TransportFactory } from './mesh.js';
import { failure } from './observe.js';

const MANY = 2_000;

/** A peer is asked whether it would accept a flow, and none is opened. */
export function answersProbes(newTransport: TransportFactory): void {
  describe('probes', () => {
    let mesh: TestMesh;
    let a: TestNode;
    let b: TestNode;
    const asked: IncomingProbe[] = [];

    beforeEach(async () => {
      asked.length = 0;
      mesh = await TestMesh.create(newTransport);
      [a, b] = await mesh.pair();
      b.onProbe((probe) => asked.push(probe));
    });

    afterEach(() => mesh.close());

    const probe = (signal = never(), request = flowRequest()) => a.probe(agent('host-b'), request, signal);

    it('carry what a flow would, from the peer that proved itself, and the version of the answer', async () => {
      const request = flowRequest();
      const answer = probe(never(), request);
      const seen = await waitFor('the probe', () => asked[0]);
      expect(seen.request).to.deep.equal(request);
      expect(seen.peer).to.deep.equal({ kind: 'agent', agentId: 'host-a' });
      seen.confirm(9);
      expect(await answer).to.equal(9);
      expect(b.waiting).to.have.length(0);
    });

    it('carry a refusal: its code, its words, and the version it was decided on', async () => {
      const answer = probe().then(
        () => null,
        (error: unknown) => error,
      );
      (await waitFor('the probe', () => asked[0])).refuse('FLOW_LIMIT', 'too many connections are open', 9);
      const refusal = await answer;
      expect(refusal).to.be.instanceOf(FlowRefusedError);
      expect(refusal).to.include({ code: 'FLOW_LIMIT', message: 'too many connections are open', targetVersion: 9 });
    });

    it('go the way of flows: in their session, which they leave as it was', async () => {
      const [source, target] = await flowBetween(a, b);
      b.onProbe((incoming) => incoming.confirm(8));
      for (let count = 0; count < MANY; count += 100) {
        expect(new Set(await Promise.all(Array.from({ length: 100 }, () => probe())))).to.deep.equal(new Set([8]));
      }
      expect(a.dials()).to.equal(1);
      const arrived = new Promise((resolve) => target.once('data', (bytes) => resolve(String(bytes))));
      source.write('still here');
      expect(await arrived).to.equal('still here');
      await flowBetween(a, b);
      expect(a.dials()).to.equal(1);
    });

    it('tell the target when the asker gives up', async () => {
      const leaving = new AbortController();
      const answer = failure(probe(leaving.signal));
      const seen = await waitFor('the probe', () => asked[0]);
      leaving.abort(new Error('out of time'));
      expect(await answer).to.equal('Error: out of time');
      await waitFor('the target hears of it', () => seen.signal.aborted);
      expect(() => seen.confirm(8)).not.to.throw();
    });

    it('are answered once', async () => {
      const answer = probe();
      const seen = await waitFor('the probe', () => asked[0]);
      seen.confirm(8);
      expect(() => seen.refuse('LATE', 'late', 8)).to.throw(/answered twice/);
      expect(await answer).to.equal(8);
    });

    it('are refused as long as nobody answers them, and reach no one whom a flow would not', async () => {
      const c = await mesh.start('host-c');
      introduce(a, c);
      introduce(c, a);
      expect(await failure(a.probe(agent('host-c'), flowRequest(), never()))).to.equal('MESH_NOT_READY');
      expect(await failure(probe())).to.equal('PEER_UNKNOWN');
      introduce(a, b);
      const ada = {
        kind: 'local',
        user: parseUserName('ada', 'user'),
        node: parseLocalNodeId('laptop', 'node'),
      } as const;
      const stranger = flowRequest({ source: ada });
      expect(await failure(probe(never(), stranger))).to.equal('SOURCE_NOT_YOURS');
      await b.close();
      expect(await failure(probe())).to.match(/^PEER_/);
    });
  });
}
