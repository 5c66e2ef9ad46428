import { expect } from 'chai';
import { parseSandboxId } from '#libs/contracts/ids.js';
import type { MeshCredentials } from '#libs/mesh/flow.js';
import { agent, agentIdentity, flowRequest, localIdentity, peerNamed, TestStore } from '#test/support/mesh-store.js';
import { waitFor } from '#test/support/wait.js';
import { handshake } from './handshake.js';
import { flowBetween, introduce, never, open, TestMesh, type TestNode, type TransportFactory } from './mesh.js';
import { ending, failure, observe } from './observe.js';

const uri = (value: string) => ({ type: 'url' as const, value });

export function provesIdentity(newTransport: TransportFactory): void {
  describe('identity', () => {
    let mesh: TestMesh;
    let other: TestStore;
    beforeEach(async () => {
      mesh = await TestMesh.create(newTransport);
      other = await TestStore.create('store-1');
    });
    afterEach(() => mesh.close());

    it('hands each flow on with the identity that its peer proved', async () => {
      const [a, b] = await mesh.pair();
      open(a, b).catch(() => undefined);
      const flow = await waitFor('the flow is asked for', () => b.waiting[0]);
      expect(flow.peer).to.deep.equal(agentIdentity('host-a'));
    });

    it('opens nothing at an agent other than the one meant', async () => {
      const [a, b] = await mesh.pair();
      a.setPeers([peerNamed('host-c', b.endpoints)]);
      expect(await failure(a.open(agent('host-c'), flowRequest(), never()))).to.equal('PEER_IDENTITY_MISMATCH');
    });

    it('opens nothing at a local node that stands where an agent should', async () => {
      const node = await mesh.start('host-b', { identity: localIdentity('host-b', 'host-b') });
      const a = await mesh.start('host-a');
      introduce(a, node);
      expect(await failure(open(a, node))).to.equal('PEER_IDENTITY_MISMATCH');
    });

    /** Credentials of the wrong kind; `trusting` the store's authority, so that only the other end can refuse them. */
    const wrong: Readonly<Record<string, (name: string) => Promise<MeshCredentials>>> = {
      'from another authority': async (name) => ({
        ...(await other.credentials(agentIdentity(name))),
        authority: mesh.store.certificate,
      }),
      'that have expired': (name) => mesh.store.credentials(agentIdentity(name), 60, 3_600),
      'that are not valid yet': (name) => mesh.store.credentials(agentIdentity(name), 7_200, -3_600),
    };
    for (const [what, credentials] of Object.entries(wrong)) {
      it(`refuses a source with credentials ${what}`, async () => {
        const [a, b] = await mesh.pair({ a: { credentials: await credentials('host-a') } });
        expect(await failure(open(a, b))).to.equal('PEER_REFUSED_SESSION');
        expect(b.waiting.length).to.equal(0);
        expect(b.log.map(({ code }) => code)).to.deep.equal(['PEER_NOT_TRUSTED']);
      });

      it(`opens nothing at a target with credentials ${what}`, async () => {
        const [a, b] = await mesh.pair({ b: { credentials: await credentials('host-b') } });
        expect(await failure(open(a, b))).to.equal('PEER_NOT_TRUSTED');
        expect(b.waiting.length).to.equal(0);
      });
    }

    it('knows no peer of another store, even under the same authority', async () => {
      const credentials = await mesh.store.forged([uri('spiffe://store-2/agent/host-a')]);
      const [a, b] = await mesh.pair({ a: { credentials } });
      expect(await failure(open(a, b))).to.equal('PEER_IDENTITY_MISMATCH');
      expect(await handshake(mesh, b, credentials)).to.not.equal('taken');
      expect(b.log.map(({ code }) => code)).to.include('PEER_OF_OTHER_STORE');
    });

    /** The store's own signature under names that the control plane would not issue. */
    const names: Readonly<Record<string, Parameters<TestStore['forged']>[0]>> = {
      'two URIs': [uri('spiffe://store-1/agent/host-a'), uri('spiffe://store-1/agent/host-b')],
      'a DNS name beside the URI': [uri('spiffe://store-1/agent/host-a'), { type: 'dns', value: 'host-a' }],
      'a DNS name alone': [{ type: 'dns', value: 'host-a' }],
      'a comma inside the URI': [uri('spiffe://store-1/agent/host-a, URI:spiffe://store-1/agent/host-a')],
      'a longer path': [uri('spiffe://store-1/agent/host-a/x')],
      'no such kind of peer': [uri('spiffe://store-1/admin/host-a')],
    };
    for (const [what, alternatives] of Object.entries(names)) {
      it(`refuses a certificate that names ${what}`, async () => {
        const b = await mesh.start('host-b');
        const certificate = await mesh.store.forged(alternatives);
        expect(await handshake(mesh, b, certificate)).to.not.equal('taken');
        expect(b.log.map(({ code }) => code)).to.deep.equal(['CERTIFICATE_IDENTITY_INVALID']);
      });
    }

    it('takes the same handshake with the right certificate', async () => {
      const b = await mesh.start('host-b');
      b.setPeers([peerNamed('host-a')]);
      expect(await handshake(mesh, b, await mesh.store.credentials(agentIdentity('host-a')))).to.equal('taken');
    });

    it('refuses a peer without a certificate, TLS 1.2, and a protocol other than HTTP/2', async () => {
      const b = await mesh.start('host-b');
      const good = await mesh.store.credentials(agentIdentity('host-a'));
      expect(await handshake(mesh, b, null)).to.not.equal('taken');
      expect(await handshake(mesh, b, good, { maxVersion: 'TLSv1.2' })).to.not.equal('taken');
      expect(await handshake(mesh, b, good, { ALPNProtocols: ['http/1.1'] })).to.not.equal('taken');
      expect(await handshake(mesh, b, good, { ALPNProtocols: [] })).to.not.equal('taken');
    });

    it('resumes no TLS session: each looks at the certificate anew', async () => {
      const b = await mesh.start('host-b');
      const good = await mesh.store.credentials(agentIdentity('host-a'));
      b.setPeers([peerNamed('host-a')]);
      const tickets: Buffer[] = [];
      expect(await handshake(mesh, b, good, {}, (ticket) => tickets.push(ticket))).to.equal('taken');
      for (const session of tickets) {
        // Without a certificate, only the ticket could identify the client.
        expect(await handshake(mesh, b, null, { session })).to.not.equal('taken');
      }
    });

    it('lets a local node name itself as source, and nothing else', async () => {
      const local = localIdentity('alice', 'laptop');
      const b = await mesh.start('host-b');
      const node = await mesh.start('laptop', { identity: local });
      introduce(node, b);
      b.setLocalNodes([local]);
      const ask = (source: Parameters<typeof flowRequest>[0]) =>
        node.open(agent('host-b'), flowRequest(source), never());
      b.onFlow((flow) => flow.refuse('REACHED', 'the flow engine', 1));
      expect(await failure(ask({ source: local }))).to.equal('REACHED');
      expect(await failure(ask({ source: localIdentity('alice', 'desktop') }))).to.equal('SOURCE_NOT_YOURS');
      expect(await failure(ask({ source: localIdentity('bob', 'laptop') }))).to.equal('SOURCE_NOT_YOURS');
      const sandbox = { kind: 'sandbox' as const, sandboxId: parseSandboxId('sbx-web', 'id') };
      expect(await failure(ask({ source: sandbox }))).to.equal('SOURCE_NOT_YOURS');
    });

    it('refuses an agent that names a local source', async () => {
      const [a, b] = await mesh.pair();
      const request = flowRequest({ source: localIdentity('alice', 'laptop') });
      expect(await failure(a.open(agent('host-b'), request, never()))).to.equal('SOURCE_NOT_YOURS');
      expect(b.waiting.length).to.equal(0);
    });

    for (const expiring of ['source', 'target'] as const) {
      it(`resets flows when the certificate of the ${expiring} expires`, async () => {
        const [a, b] = await pairThatHasMet(mesh);
        await setShortLived(mesh, [expiring === 'source' ? a : b], 2);
        const [source, target] = await flowBetween(a, b);
        const [atSource, atTarget] = [observe(source), observe(target)];
        const [judge, judged] = expiring === 'source' ? [atTarget, atSource] : [atSource, atTarget];
        expect(await ending(judge)).to.equal('PEER_CERTIFICATE_EXPIRED');
        expect(await ending(judged)).to.equal('FLOW_RESET');
      });
    }

    it('lets open flows live on past old certificates when either end has a newer one, or both have', async () => {
      const pairs = await Promise.all(['one', 'two', 'three'].map((name) => pairThatHasMet(mesh, `-${name}`)));
      const renewing = pairs.map(([a, b], index) => [[a], [b], [a, b]][index] ?? []);
      const began = await setShortLived(mesh, renewing.flat(), 10);
      const flows = await Promise.all(pairs.map(([a, b]) => flowBetween(a, b)));
      const seen = flows.map(([, target]) => observe(target));
      for (const node of renewing.flat()) node.setCredentials(await mesh.store.credentials(agentIdentity(node.name)));
      await waitFor('the old certificates have expired', () => performance.now() - began > 11_000, 12_000);
      for (const [source] of flows) source.end('as before');
      const logs = JSON.stringify(pairs.map((nodes) => nodes.map(({ log }) => log)));
      expect(await Promise.all(seen.map((flow) => ending(flow))), logs).to.deep.equal(['end', 'end', 'end']);
      expect(pairs.map(([a]) => a.dials())).to.deep.equal([2, 2, 2]);
    });

    it('counts the proof of a session that the peer itself began', async () => {
      const [a, b] = await pairThatHasMet(mesh);
      await b.reach(a);
      const began = await setShortLived(mesh, [b], 2);
      const [source, target] = await flowBetween(a, b);
      const seen = observe(target);
      b.setCredentials(await mesh.store.credentials(agentIdentity('host-b')));
      await flowBetween(b, a);
      await waitFor('the old certificate has expired', () => performance.now() - began > 3_000);
      source.end('as before');
      expect(await ending(seen)).to.equal('end');
    });

    it('uses new credentials for new sessions and leaves open flows alone', async () => {
      const [a, b] = await mesh.pair();
      const [source, target] = await flowBetween(a, b);
      const seen = observe(target);
      for (const node of [a, b]) node.setCredentials(await mesh.store.credentials(agentIdentity(node.name)));
      await flowBetween(a, b);
      expect(a.dials()).to.equal(2);
      source.end('as before');
      expect(await ending(seen)).to.equal('end');
    });

    it('proves itself with the new certificate alone once it has one', async () => {
      const old = await mesh.store.credentials(agentIdentity('host-a'), 60, 3_600);
      const [a, b] = await mesh.pair({ a: { credentials: old } });
      expect(await failure(open(a, b))).to.equal('PEER_REFUSED_SESSION');
      a.setCredentials(await mesh.store.credentials(agentIdentity('host-a')));
      await flowBetween(a, b);
    });

    it('shows peers the new certificate alone once it has one', async () => {
      const old = await mesh.store.credentials(agentIdentity('host-b'), 60, 3_600);
      const [a, b] = await mesh.pair({ b: { credentials: old } });
      expect(await failure(open(a, b))).to.equal('PEER_NOT_TRUSTED');
      b.setCredentials(await mesh.store.credentials(agentIdentity('host-b')));
      await flowBetween(a, b);
    });

    it('takes no credentials of another identity, and none that are broken', async () => {
      const a = await mesh.start('host-a');
      const [mine, theirs] = await Promise.all(
        ['host-a', 'host-b'].map((name) => mesh.store.credentials(agentIdentity(name))),
      );
      if (!mine || !theirs) throw new Error('two credentials were issued');
      const set = async (credentials: MeshCredentials) => a.setCredentials(credentials);
      expect(await failure(set(theirs))).to.equal('MESH_IDENTITY_CHANGED');
      for (const privateKey of [theirs.privateKey, '', mine.privateKey.slice(0, 80)]) {
        expect(await failure(set({ ...mine, privateKey }))).to.equal('MESH_CREDENTIALS_INVALID');
      }
      expect(await failure(set({ ...mine, certificate: 'nonsense' }))).to.equal('MESH_CREDENTIALS_INVALID');
    });
  });
}

/**
 * Two nodes that know each other, the second of which the first has reached once: the first connection between two
 * nodes of a tailnet may take seconds, longer than a certificate of a few seconds lasts.
 */
async function pairThatHasMet(mesh: TestMesh, suffix = ''): Promise<[TestNode, TestNode]> {
  const [a, b] = await mesh.pair({}, suffix);
  await a.reach(b);
  return [a, b];
}

/**
 * Gives running nodes that have connected before certificates which expire after this many seconds; returns the start
 * of that time, by performance.now(). If a node started with such a certificate, it might expire while the node joins
 * the mesh.
 */
async function setShortLived(mesh: TestMesh, nodes: readonly TestNode[], ttlSeconds: number): Promise<number> {
  const credentials = await Promise.all(
    nodes.map(({ name }) => mesh.store.credentials(agentIdentity(name), ttlSeconds)),
  );
  nodes.forEach((node, index) => {
    const own = credentials[index];
    if (own) node.setCredentials(own);
  });
  return performance.now();
}
