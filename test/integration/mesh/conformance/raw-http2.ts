import { type ClientHttp2Session, connect as connectHttp2, type OutgoingHttpHeaders } from 'node:http2';
import { connect as connectTls } from 'node:tls';
import { expect } from 'chai';
import type { MeshFlow } from '#libs/mesh/flow.js';
import { MAX_VALUE_LENGTH, requestHeaders } from '#libs/mesh/flow-headers.js';
import { agentIdentity, flowRequest, peerNamed } from '#test/support/mesh-store.js';
import { waitFor } from '#test/support/wait.js';
import { flowBetween, introduce, never, TestMesh, type TestNode, type TransportFactory } from './mesh.js';
import { ending, observe } from './observe.js';

const GOOD = () => requestHeaders(flowRequest());
const GS = ['gs-flow', 'gs-network', 'gs-alias', 'gs-port', 'gs-source', 'gs-version'] as const;

/** Values that are invalid for every `gs-` header. */
const GARBAGE: readonly string[] = [
  '',
  '../x',
  '-1',
  '1e3',
  '0x10',
  'a b',
  'local',
  'sandbox:',
  '99999999999999999999',
];

/** Characters that no header may contain (RFC 9113 section 8.2.1): HTTP/2 drops such a header. */
const FORBIDDEN: readonly string[] = [' ', ' 1', 'Ä\x01'];

const LOCAL_SOURCES = [
  'local',
  'local:',
  'local:alice',
  'local:Alice:laptop',
  'sandbox:a:b',
  'sandbox',
  'label:a=b',
  'any',
];

/** What a peer with a real certificate may send if it writes HTTP/2 by hand. */
export function withstandsRawHttp2(newTransport: TransportFactory): void {
  describe('raw HTTP/2 with a real certificate', () => {
    let mesh: TestMesh;
    let b: TestNode;
    let session: ClientHttp2Session;
    beforeEach(async () => {
      mesh = await TestMesh.create(newTransport);
      b = await mesh.start('host-b');
      b.setPeers([peerNamed('host-a'), peerNamed('host-x')]);
      session = await rawSession(mesh, b);
    });
    afterEach(async () => {
      session.destroy();
      await mesh.close();
    });

    const refusedAs = async (headers: OutgoingHttpHeaders, code: string, status = 400) => {
      const answer = await ask(session, headers);
      expect(answer).to.deep.include({ ':status': status, 'gs-code': code });
      expect(b.waiting.length).to.equal(0);
    };

    it('takes a well-formed request, whatever its authority and its other headers say', async () => {
      for (const extra of [
        {},
        { ':authority': 'evil.example:1' },
        { 'x-other': 'ignored' },
        { 'gs-trace': 'ab'.repeat(16) },
      ]) {
        const asked = ask(session, { ...GOOD(), ...extra });
        const flow = await waitFor('the flow is asked for', () => b.waiting.shift());
        flow.refuse('SEEN', 'seen', 12);
        expect(await asked).to.deep.include({ ':status': 403, 'gs-code': 'SEEN', 'gs-version': '12' });
      }
    });

    for (const name of GS) {
      it(`refuses ${name} twice, even with the same value, and without it`, async () => {
        const good = GOOD();
        const value = String(good[name]);
        await refusedAs({ ...good, [name]: [value, value] }, 'HEADER_DUPLICATE');
        await refusedAs({ ...good, [name]: [value, 'x'] }, 'HEADER_DUPLICATE');
        delete good[name];
        await refusedAs(good, 'HEADER_MISSING');
      });

      it(`refuses garbage in ${name}`, async () => {
        const values = name === 'gs-source' ? [...GARBAGE, ...LOCAL_SOURCES] : GARBAGE;
        for (const value of values) {
          if (name === 'gs-network' && /^[0-9a-f-]+$/.test(value)) continue;
          if (name === 'gs-alias' && /^[0-9a-z]+$/.test(value) && value !== 'local') continue;
          await refusedAs({ ...GOOD(), [name]: value }, 'HEADER_INVALID');
        }
        for (const value of FORBIDDEN) {
          await refusedAs({ ...GOOD(), [name]: value }, 'HEADER_MISSING');
        }
        await refusedAs({ ...GOOD(), [name]: 'a'.repeat(MAX_VALUE_LENGTH + 1) }, 'HEADER_TOO_LONG');
      });
    }

    it('refuses gs- headers that it does not know', async () => {
      await refusedAs({ ...GOOD(), 'gs-admin': '1' }, 'HEADER_UNKNOWN');
      await refusedAs({ ...GOOD(), 'gs-': '1' }, 'HEADER_UNKNOWN');
      await refusedAs({ ...GOOD(), 'gs-trace': 'not a trace' }, 'HEADER_INVALID');
      await refusedAs({ ...GOOD(), 'gs-trace': ['ab'.repeat(16), 'ab'.repeat(16)] }, 'HEADER_DUPLICATE');
    });

    for (const method of ['GET', 'POST', 'OPTIONS']) {
      it(`refuses ${method}, though every header is there`, async () => {
        await refusedAs({ ...GOOD(), ':method': method, ':path': '/', ':scheme': 'https' }, 'NOT_CONNECT');
      });
    }

    it('refuses a source that an agent may not name', () =>
      refusedAs({ ...GOOD(), 'gs-source': 'local:alice:laptop' }, 'SOURCE_NOT_YOURS', 403));

    it('bounds the number of headers and their size, and goes on', async () => {
      const many = (count: number, value = 'x') =>
        Object.fromEntries(Array.from({ length: count }, (_, index) => [`x-${index}`, value]));
      await refusedAs({ ...GOOD(), ...many(10) }, 'TOO_MANY_HEADERS');
      for (const flood of [many(60), many(4, 'x'.repeat(4_000))]) {
        expect(await ask(session, { ...GOOD(), ...flood })).to.not.have.property(':status', 200);
        if (session.destroyed || session.closed) session = await rawSession(mesh, b);
      }
      expect(b.waiting.length).to.equal(0);
      const a = await mesh.start('host-a');
      introduce(a, b);
      await flowBetween(a, b);
    });

    it('outlives 1,500 malformed requests in one session', async () => {
      for (let round = 0; round < 15; round += 1) {
        const answers = await Promise.all(
          Array.from({ length: 100 }, () => ask(session, { ...GOOD(), 'gs-port': 'x' })),
        );
        expect(answers.filter((answer) => answer['gs-code'] !== 'HEADER_INVALID')).to.deep.equal([]);
      }
    });

    const accepted = async (trailers: OutgoingHttpHeaders | null): Promise<MeshFlow> => {
      const stream = session.request(GOOD(), { endStream: false, waitForTrailers: trailers !== null });
      stream.on('error', () => undefined);
      stream.on('wantTrailers', () => stream.sendTrailers(trailers ?? {}));
      const flow = (await waitFor('the flow is asked for', () => b.waiting.shift())).accept(1);
      stream.end('bytes');
      return flow;
    };

    it('takes an end without the mark for a reset', async () => {
      for (const trailers of [null, {}, { 'gs-end': '0' }, { other: '1' }]) {
        const seen = observe(await accepted(trailers));
        expect(await ending(seen)).to.equal('FLOW_RESET');
        expect(seen.ended).to.equal(false);
      }
      expect(await ending(observe(await accepted({ 'gs-end': '1' })))).to.equal('end');
    });

    it('takes a lost connection for a reset', async () => {
      const stream = session.request(GOOD(), { endStream: false });
      stream.on('error', () => undefined);
      const seen = observe((await waitFor('the flow is asked for', () => b.waiting.shift())).accept(1));
      stream.write('bytes');
      await waitFor('they arrive', () => seen.bytes === 5);
      session.socket.destroy();
      expect(await ending(seen)).to.equal('FLOW_RESET');
      expect(seen.ended).to.equal(false);
    });

    it('refuses flows with a reason until someone takes them', async () => {
      const silent = await mesh.start('host-c', { listening: false });
      silent.setPeers([peerNamed('host-x')]);
      session.destroy();
      session = await rawSession(mesh, silent);
      expect(await ask(session, GOOD())).to.deep.include({ ':status': 503, 'gs-code': 'MESH_NOT_READY' });
    });
  });
}

async function rawSession(mesh: TestMesh, node: TestNode): Promise<ClientHttp2Session> {
  const { certificate, privateKey, authority } = await mesh.store.credentials(agentIdentity('host-x'));
  const dialler = await mesh.dialler();
  const socket = await dialler.dial(node.endpoints[0] ?? '', never());
  const session = connectHttp2('https://raw', {
    settings: { maxHeaderListSize: 65_536 },
    maxSendHeaderBlockLength: 1_000_000,
    createConnection: () =>
      connectTls({
        socket,
        cert: certificate,
        key: privateKey,
        ca: authority,
        ALPNProtocols: ['h2'],
        checkServerIdentity: () => undefined,
      }),
  });
  session.on('error', () => undefined);
  await new Promise((opened) => session.once('remoteSettings', opened));
  return session;
}

/** The answer's headers, or `{ reset }` if there is none. */
function ask(session: ClientHttp2Session, headers: OutgoingHttpHeaders): Promise<Readonly<Record<string, unknown>>> {
  return new Promise((resolve) => {
    const stream = session.request(headers, { endStream: false });
    stream.on('error', () => undefined);
    stream.once('response', (answer) => {
      resolve(answer);
      stream.close();
    });
    stream.once('close', () => resolve({ reset: stream.rstCode }));
  });
}
