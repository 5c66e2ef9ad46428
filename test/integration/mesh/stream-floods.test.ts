import { connect as connectHttp2, type OutgoingHttpHeaders } from 'node:http2';
import { setTimeout as pause } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { directTransport } from '#libs/mesh/direct-transport.js';
import type { MeshCredentials, MeshIdentity } from '#libs/mesh/flow.js';
import { requestHeaders } from '#libs/mesh/flow-headers.js';
import { describeIdentity } from '#libs/mesh/identity.js';
import { agent, agentIdentity, flowRequest, localIdentity, peerNamed } from '#test/support/mesh-store.js';
import { floodStreams } from '#test/support/stream-flood.js';
import { waitFor } from '#test/support/wait.js';
import { flowBetween, never, open, TestMesh, type TestNode } from './conformance/mesh.js';
import { failure } from './conformance/observe.js';

const MOST_STREAMS = 100_000;
const WASTED_PER_SECOND = 200;
/** The burst, plus what may arrive meanwhile, and what is in flight while the session is ended. */
const MOST_BEFORE_THE_END = 10_000;
const NEW_FLOW_WITHIN_MS = 2_000;
const HEAP_BYTES = 30_000_000;

const GOOD = requestHeaders(flowRequest());
const HOSTILE: { readonly [who: string]: { readonly identity: MeshIdentity; readonly source: string } } = {
  agent: { identity: agentIdentity('host-x'), source: 'sandbox:sbx-web' },
  'local node': { identity: localIdentity('mallory', 'node-1'), source: 'local:mallory:node-1' },
};
interface FloodOfStreams {
  readonly what: string;
  readonly change: OutgoingHttpHeaders;
}
const RESETS: readonly FloodOfStreams[] = [
  { what: 'resets each stream', change: {} },
  { what: 'resets each stream, which asks for nothing', change: { 'gs-port': 'x' } },
];
/** Each stream is kept open until it is answered. */
const QUESTIONS: readonly FloodOfStreams[] = [
  { what: 'asks for nothing in each stream', change: { 'gs-port': 'x' } },
  { what: 'asks on for what is refused', change: { 'gs-alias': 'denied' } },
];
/** A tenth of the streams that it may waste at once is served at full speed, and then one every four milliseconds. */
const ASKED = 600;
const ASKED_TAKE_MS = 1_500;
/** A tenth of an address's usual handshakes. */
const SLOWED_HANDSHAKES_PER_SECOND = 0.5;
const TRIES = 12;

describe('a peer that opens more streams than it may', () => {
  let mesh: TestMesh;
  let target: TestNode;
  let honest: TestNode;
  let changes: number;

  beforeEach(async () => {
    changes = 0;
    mesh = await TestMesh.create(async () => directTransport({ listen: '127.0.0.1:0' }));
    target = await mesh.start('host-b', {
      limits: { refusedMs: 2_000, wastedStreamsPerSecond: WASTED_PER_SECOND },
      changed: () => (changes += 1),
    });
    honest = await mesh.start('host-a');
    honest.setPeers([peerNamed('host-b', target.endpoints)]);
    target.setPeers([peerNamed('host-a'), peerNamed('host-x')]);
    const { user, node } = localIdentity('mallory', 'node-1');
    target.setLocalNodes([{ user, node }]);
    // The flows of the hostile peer are being dialled when it gives them up.
    target.onFlow((flow) => {
      if (describeIdentity(flow.peer) === 'agent host-a') flow.refuse('TARGET_REFUSED', 'nobody listens', 1);
      else if (flow.request.alias === 'denied') flow.refuseUntried('DEFAULT_DENY', 'no rule', 1);
    });
  });

  afterEach(() => mesh.close());

  for (const [who, { identity, source }] of Object.entries(HOSTILE)) {
    for (const { what, change } of who === 'agent' ? RESETS : RESETS.slice(0, 1)) {
      it(`${who} that ${what} loses its session, is refused for a while, and holds up nobody`, async () => {
        const credentials = await mesh.store.credentials(identity);
        const heapBefore = heapUsed();
        const ended = new AbortController();
        const honestly = timesOf(ended.signal, () => failure(open(honest, target)));
        const { opened, wasEnded } = await floodStreams({
          ...{ endpoint: target.endpoints[0] ?? '', credentials, resets: true, mostStreams: MOST_STREAMS },
          headers: { ...GOOD, 'gs-source': source, ...change },
        });
        ended.abort();
        expect(wasEnded).to.equal(true);
        expect(opened).to.be.below(MOST_BEFORE_THE_END);
        expect(Math.max(...(await honestly)), 'slowest new flow of an honest peer').to.be.below(NEW_FLOW_WITHIN_MS);
        expect(target.log.filter(({ code }) => code === 'PEER_STREAM_LIMIT')).to.have.length(1);
        expect(target.status()).to.deep.include({ state: 'joined', code: 'PEER_STREAM_LIMIT' });
        expect(changes).to.equal(1);
        expect(await getsSession(target, credentials), 'a session while it is refused').to.equal(false);
        await waitFor('it gets a session again', () => getsSession(target, credentials));
        expect(target.status().code).to.equal(null);
        await waitFor('the agent is told to report it', () => changes === 2);
        expect(heapUsed() - heapBefore).to.be.below(HEAP_BYTES);
      }).timeout(30_000);
    }
  }

  for (const { what, change } of QUESTIONS) {
    it(`and ${what} is answered slowly, and holds up nobody`, async () => {
      const ended = new AbortController();
      const honestly = timesOf(ended.signal, () => failure(open(honest, target)));
      const began = performance.now();
      const { wasEnded } = await floodStreams({
        ...{ endpoint: target.endpoints[0] ?? '', resets: false, mostStreams: ASKED },
        credentials: await mesh.store.credentials(agentIdentity('host-x')),
        headers: { ...GOOD, 'gs-source': 'sandbox:sbx-web', ...change },
      });
      expect(performance.now() - began).to.be.above(ASKED_TAKE_MS);
      ended.abort();
      expect(wasEnded).to.equal(false);
      expect(Math.max(...(await honestly)), 'slowest new flow of an honest peer').to.be.below(NEW_FLOW_WITHIN_MS);
      expect(target.status().code).to.equal(null);
    });
  }

  it('shakes hands seldom while it is refused, until another peer of its address gets a session', async () => {
    const limits = { refusedMs: 60_000, wastedStreamsPerSecond: 10, handshakesPerSecondFromSource: 5 };
    const strict = await mesh.start('host-c', { limits });
    strict.setPeers([peerNamed('host-a'), peerNamed('host-x')]);
    strict.onFlow((flow) => {
      if (describeIdentity(flow.peer) === 'agent host-a') flow.refuse('TARGET_REFUSED', 'nobody listens', 1);
    });
    const credentials = await mesh.store.credentials(agentIdentity('host-x'));
    const { wasEnded } = await floodStreams({
      ...{ endpoint: strict.endpoints[0] ?? '', credentials, resets: true, mostStreams: MOST_STREAMS },
      headers: { ...GOOD, 'gs-source': 'sandbox:sbx-web' },
    });
    expect(wasEnded).to.equal(true);
    const shaken = () => strict.log.filter(({ code }) => code === 'PEER_STREAM_LIMIT').length;
    let earnedSince = performance.now();
    const tries = async (): Promise<{ readonly shaken: number; readonly earned: number }> => {
      const before = shaken();
      for (let count = 0; count < TRIES; count += 1) await getsSession(strict, credentials);
      const earned = ((performance.now() - earnedSince) / 1_000) * SLOWED_HANDSHAKES_PER_SECOND;
      earnedSince = performance.now();
      return { shaken: shaken() - before, earned };
    };
    const first = await tries();
    // One handshake that shows it is refused, and one that the slowed address may begin at once.
    expect(first.shaken, 'first of the address').to.be.within(1, 2 + first.earned);
    const further = await tries();
    expect(further.shaken, 'further ones').to.be.at.most(1 + further.earned);
    honest.setPeers([peerNamed('host-c', strict.endpoints)]);
    await waitFor(
      'another peer gets a session',
      async () => (await failure(open(honest, strict))) === 'TARGET_REFUSED',
    );
    expect((await tries()).shaken, 'after that').to.be.at.least(2);
  }).timeout(30_000);

  it('is refused more streams than it may have open, and keeps its session', async () => {
    const [a, b] = await mesh.pair({ b: { limits: { streamsFromPeer: 3 } } });
    const flows = [await flowBetween(a, b), await flowBetween(a, b), await flowBetween(a, b)];
    expect(await failure(open(a, b))).to.equal('PEER_STREAM_LIMIT');
    flows[0]?.[0].destroy();
    await waitFor('one has ended', () => flows[0]?.[1].destroyed);
    await flowBetween(a, b);
    expect(a.dials()).to.equal(1);
    expect(b.status().code).to.equal(null);
  });

  it('is no node of ours, whose clients give up all at once', async () => {
    const limits = { wastedStreamsPerSecond: 10 };
    const [a, b] = await mesh.pair({ a: { limits }, b: { limits } });
    const leaving = new AbortController();
    const asked = Array.from({ length: 300 }, () => failure(open(a, b, leaving.signal)));
    await waitFor('all are asked for', () => b.waiting.length === 300);
    leaving.abort(new Error('the client left'));
    expect(new Set(await Promise.all(asked))).to.deep.equal(new Set(['Error: the client left']));
    await waitFor('some are given up at once', () => b.waiting.filter(({ signal }) => signal.aborted).length >= 40);
    for (const flow of b.waiting.splice(0)) flow.refuse('TARGET_REFUSED', 'nobody listens', 1);
    await flowBetween(a, b);
    expect(a.dials()).to.equal(1);
    expect(b.log).to.deep.equal([]);
  });

  it('is no node of ours, whose clients ask on for what is refused', async () => {
    const limits = { wastedStreamsPerSecond: 10 };
    const [a, b] = await mesh.pair({ a: { limits }, b: { limits } });
    const { version } = flowRequest();
    let asked = 0;
    b.onFlow((flow) => {
      asked += 1;
      if (flow.request.version === version) flow.refuseUntried('DEFAULT_DENY', 'no rule', version);
      else flow.refuse('TARGET_REFUSED', 'nobody listens', version);
    });
    const answers = new Set<string>();
    for (let n = 0; n < 300; n += 1) answers.add(await failure(open(a, b)));
    expect(answers).to.deep.equal(new Set(['DEFAULT_DENY']));
    expect(asked).to.be.within(40, 50);
    // Under a newer topology it counts as another request.
    const newer = a.open(agent('host-b'), { ...flowRequest(), version: version + 1 }, never());
    expect(await failure(newer)).to.equal('TARGET_REFUSED');
    expect(a.dials()).to.equal(1);
    expect(b.log).to.deep.equal([]);
  });

  it('waits for its turn: of two peers neither waits until the other has nothing more to ask', async () => {
    const [a, b] = await mesh.pair();
    const c = await mesh.start('host-c');
    c.setPeers([peerNamed('host-b', b.endpoints)]);
    b.setPeers([peerNamed('host-a'), peerNamed('host-c')]);
    const taken: string[] = [];
    b.onFlow((flow) => {
      taken.push(describeIdentity(flow.peer));
      const until = performance.now() + 2;
      while (performance.now() < until);
      flow.refuse('TARGET_REFUSED', 'nobody listens', 1);
    });
    await failure(open(c, b));
    const many = Array.from({ length: 200 }, () => failure(open(a, b)));
    await waitFor('the first is taken', () => taken.length > 1);
    await failure(open(c, b));
    expect(taken.length).to.be.below(150);
    await Promise.all(many);
    expect(taken).to.have.length(202);
  });
});

/** Whether the node now accepts a session from a peer with these credentials. */
async function getsSession(node: TestNode, credentials: MeshCredentials): Promise<boolean> {
  const { hostname: host, port } = new URL(`https://${node.endpoints[0]}`);
  const session = connectHttp2('https://again', {
    createConnection: () =>
      connectTls({
        ...{ host, port: Number(port), ALPNProtocols: ['h2'], checkServerIdentity: () => undefined },
        ...{ cert: credentials.certificate, key: credentials.privateKey, ca: credentials.authority },
      }),
  });
  session.on('error', () => undefined);
  const got = await Promise.race([
    new Promise<boolean>((resolve) => session.once('remoteSettings', () => resolve(true))),
    new Promise<boolean>((resolve) => session.once('close', () => resolve(false))),
  ]);
  session.destroy();
  return got;
}

async function timesOf(signal: AbortSignal, call: () => Promise<unknown>): Promise<readonly number[]> {
  const times: number[] = [];
  while (!signal.aborted) {
    const began = performance.now();
    await call();
    times.push(performance.now() - began);
    await pause(10);
  }
  return times;
}

/** What is left after a collection. */
function heapUsed(): number {
  setFlagsFromString('--expose-gc');
  const collectGarbage: () => void = runInNewContext('gc');
  collectGarbage();
  return process.memoryUsage().heapUsed;
}
