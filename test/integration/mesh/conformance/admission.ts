import { X509Certificate } from 'node:crypto';
import { expect } from 'chai';
import { keyThumbprint } from '#libs/mesh/key-thumbprint.js';
import { agentIdentity, flowRequest, localIdentity, peerNamed } from '#test/support/mesh-store.js';
import { waitFor } from '#test/support/wait.js';
import { handshake } from './handshake.js';
import { flowBetween, introduce, open, TestMesh, type TestNode, type TransportFactory } from './mesh.js';
import { ending, failure, observe } from './observe.js';

/** So long that a peer is only admitted by being listed. */
const PATIENT = { timings: { admitMs: 20_000, connectMs: 25_000 } };
const BRISK = { timings: { admitMs: 200 } };

const alice = localIdentity('alice', 'laptop');

/** Who may have a session with a node: the peers that the control plane lists. */
export function admitsNamedPeers(newTransport: TransportFactory): void {
  describe('admission', () => {
    let mesh: TestMesh;
    beforeEach(async () => {
      mesh = await TestMesh.create(newTransport);
    });
    afterEach(() => mesh.close());

    const codes = ({ log }: TestNode) => log.map(({ code }) => code);

    /** A flow of a node that may name only itself as source. */
    const openAsLocal = (node: TestNode) =>
      node.open(peerNamed('host-b').agentId, flowRequest({ source: alice }), new AbortController().signal);

    it('is refused to an agent that was not named, whatever its certificate says', async () => {
      const b = await mesh.start('host-b', BRISK);
      const a = await mesh.start('host-a');
      introduce(a, b);
      b.setPeers([peerNamed('host-c')]);
      expect(await failure(open(a, b))).to.equal('PEER_REFUSED_SESSION');
      expect(codes(b)).to.deep.equal(['PEER_NOT_NAMED']);
      expect(b.waiting).to.deep.equal([]);
    });

    it('is refused to a local node that was not named, also when its user or its node was', async () => {
      const b = await mesh.start('host-b', BRISK);
      const node = await mesh.start('laptop', { identity: alice });
      introduce(node, b);
      b.setPeers([peerNamed('laptop')]);
      b.setLocalNodes([localIdentity('alice', 'desk'), localIdentity('bob', 'laptop')]);
      expect(await failure(openAsLocal(node))).to.equal('PEER_REFUSED_SESSION');
      expect(codes(b)).to.deep.equal(['PEER_NOT_NAMED']);
    });

    it('is given at the moment an agent is named whose connection came first', async () => {
      const b = await mesh.start('host-b', PATIENT);
      const a = await mesh.start('host-a', PATIENT);
      introduce(a, b);
      const asked = flowBetween(a, b);
      await waitFor('the connection is there', () => a.connections() === 1);
      introduce(b, a);
      await asked;
      expect(a.dials()).to.equal(1);
      expect(codes(b)).to.deep.equal([]);
    });

    it('is given at the moment a local node is named whose connection came first', async () => {
      const b = await mesh.start('host-b', PATIENT);
      const node = await mesh.start('laptop', { identity: alice, ...PATIENT });
      introduce(node, b);
      const asked = openAsLocal(node);
      await waitFor('the connection is there', () => node.connections() === 1);
      b.setLocalNodes([alice]);
      (await waitFor('the flow is asked for', () => b.waiting.shift())).refuse('SEEN', 'seen', 1);
      expect(await failure(asked)).to.equal('SEEN');
      expect(node.dials()).to.equal(1);
    });

    it('ends for a peer that is not named any more, at both ends, and comes back when it is', async () => {
      const [a, b] = await mesh.pair({ b: BRISK });
      const [source, target] = await flowBetween(a, b);
      const [back] = await flowBetween(b, a);
      const seen = [source, target, back].map((flow) => observe(flow));
      b.setPeers([]);
      const ends = await Promise.all(seen.map((each) => ending(each)));
      expect(ends).to.deep.equal(['FLOW_RESET', 'PEER_REMOVED', 'PEER_REMOVED']);
      expect(await failure(open(a, b))).to.equal('PEER_REFUSED_SESSION');
      expect(await failure(open(b, a))).to.equal('PEER_UNKNOWN');
      introduce(b, a);
      await flowBetween(a, b);
    });

    it('ends for a local node that is not named any more, with its session, and is not given again', async () => {
      const b = await mesh.start('host-b', BRISK);
      const node = await mesh.start('laptop', { identity: alice });
      introduce(node, b);
      b.setLocalNodes([alice, localIdentity('bob', 'desk')]);
      const asked = openAsLocal(node);
      const flow = (await waitFor('the flow is asked for', () => b.waiting.shift())).accept(1);
      const seen = [observe(flow), observe((await asked).on('error', () => undefined))];
      b.setLocalNodes([localIdentity('bob', 'desk')]);
      expect(await Promise.all(seen.map((each) => ending(each)))).to.deep.equal(['PEER_REMOVED', 'FLOW_RESET']);
      await waitFor('the session is gone', () => node.connections() === 0);
      expect(await failure(openAsLocal(node))).to.equal('PEER_REFUSED_SESSION');
    });

    it('is bound to the key that an agent was named with: one that was enrolled again is another', async () => {
      const [old, fresh] = [
        await mesh.store.credentials(agentIdentity('host-a')),
        await mesh.store.credentials(agentIdentity('host-a')),
      ];
      const keyOf = ({ certificate }: { readonly certificate: string }) =>
        keyThumbprint(new X509Certificate(certificate));
      const [a, b] = await mesh.pair({ a: { credentials: old }, b: BRISK });
      b.setPeers([peerNamed('host-a', a.endpoints, keyOf(old))]);
      const [source, target] = await flowBetween(a, b);
      const [back] = await flowBetween(b, a);
      const seen = [source, target, back].map((flow) => observe(flow));

      b.setPeers([peerNamed('host-a', a.endpoints, keyOf(fresh))]);
      const ends = await Promise.all(seen.map((each) => ending(each)));
      expect(ends).to.deep.equal(['FLOW_RESET', 'PEER_REMOVED', 'PEER_REMOVED']);
      expect(await failure(open(a, b))).to.equal('PEER_REFUSED_SESSION');
      expect(await failure(open(b, a))).to.equal('PEER_IDENTITY_MISMATCH');

      a.setCredentials(fresh);
      await flowBetween(a, b);
      await flowBetween(b, a);
    });

    it('is waited for by no more connections of one peer than its limit', async () => {
      const b = await mesh.start('host-b', { ...PATIENT, limits: { waitingFromPeer: 2 } });
      const credentials = await mesh.store.credentials(agentIdentity('host-a'));
      const asked = Promise.all([1, 2, 3].map(() => handshake(mesh, b, credentials)));
      await waitFor('one is sent away at once', () => codes(b).length === 1);
      b.setPeers([peerNamed('host-a')]);
      expect((await asked).filter((answer) => answer === 'taken')).to.have.length(2);
      expect(codes(b)).to.deep.equal(['PEER_NOT_NAMED']);
    });

    it('is not waited for once the node closes', async () => {
      const b = await mesh.start('host-b', PATIENT);
      const a = await mesh.start('host-a', PATIENT);
      introduce(a, b);
      const asked = failure(open(a, b));
      await waitFor('the connection is there', () => a.connections() === 1);
      await b.close();
      expect(await asked).to.be.oneOf(['PEER_REFUSED_SESSION', 'PEER_NOT_TRUSTED']);
    });
  });
}
