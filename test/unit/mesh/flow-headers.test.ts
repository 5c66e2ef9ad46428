import type { OutgoingHttpHeaders } from 'node:http2';
import { expect } from 'chai';
import fc from 'fast-check';
import {
  parseAliasName,
  parseFlowId,
  parseLocalNodeId,
  parseNetworkId,
  parseSandboxId,
  parseUserName,
  RESERVED_ALIASES,
} from '#libs/contracts/ids.js';
import {
  acceptHeaders,
  confirmHeaders,
  readAnswer,
  readProbeAnswer,
  refusalHeaders,
} from '#libs/mesh/answer-headers.js';
import { FlowRefusedError, type FlowRequest, type MeshIdentity, ProbeNotKnownError } from '#libs/mesh/flow.js';
import {
  checkSource,
  FlowRequestError,
  formatSource,
  parseRequestHeaders,
  requestHeaders,
} from '#libs/mesh/flow-headers.js';
import type { FlowSource } from '#libs/policy/model.js';
import { agentIdentity, localIdentity } from '#test/support/mesh-store.js';

const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
const source: fc.Arbitrary<FlowSource> = fc.oneof(
  fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/).map((id) => ({
    kind: 'sandbox' as const,
    sandboxId: parseSandboxId(id, 'id'),
  })),
  fc.tuple(fc.stringMatching(/^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$/), label).map(([user, node]) => ({
    kind: 'local' as const,
    user: parseUserName(user, 'user'),
    node: parseLocalNodeId(node, 'node'),
  })),
);
const request: fc.Arbitrary<FlowRequest> = fc.record({
  flowId: fc.stringMatching(/^[0-9a-f]{32}$/).map((id) => parseFlowId(id, 'id')),
  networkId: fc.uuid().map((id) => parseNetworkId(id, 'id')),
  alias: label.filter((name) => !RESERVED_ALIASES.has(name)).map((name) => parseAliasName(name, 'alias')),
  port: fc.integer({ min: 1, max: 65_535 }),
  source,
  version: fc.maxSafeNat(),
});

const asked = fc.constantFrom('flow' as const, 'probe' as const);

const flat = (headers: OutgoingHttpHeaders) =>
  Object.entries(headers).flatMap(([name, value]) => [name, String(value)]);

describe('flow headers', () => {
  it('are read as they were written', () => {
    fc.assert(
      fc.property(request, asked, (wanted, kind) => {
        expect(parseRequestHeaders(flat(requestHeaders(wanted, kind)))).to.deep.equal({ asked: kind, request: wanted });
      }),
    );
  });

  it('are read whatever their order, and refused with any one twice or left out', () => {
    fc.assert(
      fc.property(request, asked, fc.nat(), (wanted, kind, pick) => {
        const headers = requestHeaders(wanted, kind);
        const pairs = Object.entries(headers).map(([name, value]) => [name, String(value)] as const);
        expect(parseRequestHeaders([...pairs].reverse().flat())).to.deep.equal({ asked: kind, request: wanted });
        const own = pairs.filter(([name]) => name.startsWith('gs-'));
        const chosen = own[pick % own.length];
        expect(() => parseRequestHeaders([...pairs, ...(chosen ? [chosen] : [])].flat())).to.throw(FlowRequestError);
        if (chosen?.[0] === 'gs-probe') return;
        expect(() => parseRequestHeaders(pairs.filter((pair) => pair !== chosen).flat())).to.throw(FlowRequestError);
      }),
    );
  });

  it('ask for nothing with a mark of a probe that is none', () => {
    fc.assert(
      fc.property(
        request,
        fc.string().filter((mark) => mark !== '1'),
        (wanted, mark) => {
          const headers = { ...requestHeaders(wanted), 'gs-probe': mark };
          expect(() => parseRequestHeaders(flat(headers))).to.throw(FlowRequestError);
        },
      ),
    );
  });

  it('of any kind give a request or a FlowRequestError, and nothing else', () => {
    const name = fc.oneof(fc.constantFrom('gs-port', 'gs-source', 'gs-version', ':method', '__proto__'), fc.string());
    fc.assert(
      fc.property(request, fc.array(fc.tuple(name, fc.string({ unit: 'binary' }))), (wanted, extra) => {
        try {
          parseRequestHeaders([...flat(requestHeaders(wanted)), ...extra.flat()]);
        } catch (error) {
          expect(error).to.be.instanceOf(FlowRequestError);
        }
      }),
    );
  });
});

const WANTED: FlowRequest = {
  flowId: parseFlowId('f'.repeat(32), 'id'),
  networkId: parseNetworkId('0a1b', 'id'),
  alias: parseAliasName('api', 'alias'),
  port: 80,
  source: { kind: 'sandbox', sandboxId: parseSandboxId('sbx-web', 'id') },
  version: 7,
};

/** The request in headers with these changes, or the code of their refusal; `undefined` omits a header. */
function outcome(changes: { readonly [name: string]: string | undefined }, more: readonly string[] = []): string {
  const headers = Object.entries({ ...requestHeaders(WANTED), ...changes }).filter(([, value]) => value !== undefined);
  try {
    const { asked, request } = parseRequestHeaders([...flat(Object.fromEntries(headers)), ...more]);
    return `${asked} ${formatSource(request.source)} ${request.version}`;
  } catch (error) {
    return error instanceof FlowRequestError ? error.code : String(error);
  }
}

describe('a request for a flow', () => {
  const ignored = (count: number) => Array.from({ length: count }, (_, index) => [`x-${index}`, '']).flat();
  const rows: readonly (readonly [what: string, find: () => string, expected: string])[] = [
    ['as it is written', () => outcome({}), 'flow sandbox:sbx-web 7'],
    ['with the mark of a probe', () => outcome({ 'gs-probe': '1' }), 'probe sandbox:sbx-web 7'],
    ['by another method', () => outcome({ ':method': 'GET' }), 'NOT_CONNECT'],
    ['by no method', () => outcome({ ':method': undefined }), 'NOT_CONNECT'],
    ['without a network', () => outcome({ 'gs-network': undefined }), 'HEADER_MISSING'],
    ['with an empty network', () => outcome({ 'gs-network': '' }), 'HEADER_INVALID'],
    ['with a port that is none', () => outcome({ 'gs-port': '0' }), 'HEADER_INVALID'],
    ['with a trace', () => outcome({ 'gs-trace': 'a1'.repeat(16) }), 'flow sandbox:sbx-web 7'],
    ['with a trace too short', () => outcome({ 'gs-trace': 'a'.repeat(31) }), 'HEADER_INVALID'],
    ['with a trace too long', () => outcome({ 'gs-trace': 'a'.repeat(33) }), 'HEADER_INVALID'],
    ['with a second trace', () => outcome({ 'gs-trace': 'a1'.repeat(16) }, ['gs-trace', 'a1']), 'HEADER_DUPLICATE'],
    ['with a second method', () => outcome({}, [':method', 'CONNECT']), 'HEADER_DUPLICATE'],
    ['with a header of ours that is not known', () => outcome({ 'gs-other': '1' }), 'HEADER_UNKNOWN'],
    ['with a header of somebody else', () => outcome({ 'x-gs-other': '1', ':path': '/' }), 'flow sandbox:sbx-web 7'],
    ['with a header of somebody else twice', () => outcome({}, ['x', '1', 'x', '2']), 'flow sandbox:sbx-web 7'],
    ['with 16 headers', () => outcome({}, ignored(8)), 'flow sandbox:sbx-web 7'],
    ['with 17 headers', () => outcome({}, ignored(9)), 'TOO_MANY_HEADERS'],
    ['with a name as long as they may be', () => outcome({ 'gs-alias': 'a'.repeat(253) }), 'HEADER_INVALID'],
    ['with a value that is longer', () => outcome({ 'gs-alias': 'a'.repeat(254) }), 'HEADER_TOO_LONG'],
    ['with version 0', () => outcome({ 'gs-version': '0' }), 'flow sandbox:sbx-web 0'],
    [
      'with the last version',
      () => outcome({ 'gs-version': '9007199254740991' }),
      'flow sandbox:sbx-web 9007199254740991',
    ],
    ['with a version past it', () => outcome({ 'gs-version': '9007199254740992' }), 'HEADER_INVALID'],
    ['with a version that begins with 0', () => outcome({ 'gs-version': '07' }), 'HEADER_INVALID'],
    ['with a version with a sign', () => outcome({ 'gs-version': '+7' }), 'HEADER_INVALID'],
    ['with a version in 17 digits', () => outcome({ 'gs-version': '1'.repeat(17) }), 'HEADER_INVALID'],
    ['with a version among others', () => outcome({ 'gs-version': '7 8' }), 'HEADER_INVALID'],
    ['of a local node', () => outcome({ 'gs-source': 'local:ada:laptop' }), 'flow local:ada:laptop 7'],
    ['of a local node without a name', () => outcome({ 'gs-source': 'local:ada' }), 'HEADER_INVALID'],
    ['of a local node with more', () => outcome({ 'gs-source': 'local:ada:laptop:x' }), 'HEADER_INVALID'],
    ['of a sandbox with more', () => outcome({ 'gs-source': 'sandbox:sbx-web:x' }), 'HEADER_INVALID'],
    ['of a source of another kind', () => outcome({ 'gs-source': 'agent:sbx-web' }), 'HEADER_INVALID'],
    ['of another kind with three parts', () => outcome({ 'gs-source': 'user:ada:laptop' }), 'HEADER_INVALID'],
  ];
  for (const [what, find, expected] of rows) {
    it(`${what}: ${expected}`, () => expect(find()).to.equal(expected));
  }
});

describe('a source that a peer names', () => {
  const own: FlowSource = localIdentity('ada', 'laptop');
  const rows: readonly (readonly [what: string, source: FlowSource, peer: MeshIdentity, mayName: boolean])[] = [
    ['a sandbox, by an agent', WANTED.source, agentIdentity('host-a'), true],
    ['a sandbox, by a local node', WANTED.source, localIdentity('ada', 'laptop'), false],
    ['a local node, by an agent', own, agentIdentity('host-a'), false],
    ['a local node, by itself', own, localIdentity('ada', 'laptop'), true],
    ['a local node, by another of its user', own, localIdentity('ada', 'desktop'), false],
    ["a local node, by another user's of the same name", own, localIdentity('eve', 'laptop'), false],
  ];
  for (const [what, source, peer, mayName] of rows) {
    it(`${what}: ${mayName ? 'taken' : 'SOURCE_NOT_YOURS'}`, () => {
      if (mayName) checkSource(source, peer);
      else
        expect(() => checkSource(source, peer))
          .to.throw(FlowRequestError)
          .with.property('code', 'SOURCE_NOT_YOURS');
    });
  }
});

describe('answer headers', () => {
  it('carry a version of acceptance, and never a code that is none', () => {
    expect(readAnswer(acceptHeaders(7))).to.equal(7);
    for (const code of ['A'.repeat(64), 'A_1']) expect(refusalHeaders(403, code, '', 1)['gs-code']).to.equal(code);
    for (const code of ['A'.repeat(65), '_A', 'a', 'A B', ' A', 'A\n', '']) {
      expect(refusalHeaders(403, code, '', 1)['gs-code'], code).to.equal('REFUSED');
    }
  });

  for (const [what, message, read] of [
    ['none', undefined, 'refused without a message'],
    ['one that is too long', 'a'.repeat(512 * 9 + 1), 'refused without a message'],
    ['one as long as they may be', 'a'.repeat(512 * 9), 'a'.repeat(512 * 9)],
    ['one that is not encoded', '%', 'refused with a message that cannot be read'],
  ] as const) {
    it(`of a refusal with a message, ${what}`, () => {
      expect(() => readAnswer({ ':status': '403', 'gs-code': 'DENIED', 'gs-message': message }))
        .to.throw(FlowRefusedError)
        .with.property('message', read);
    });
  }

  it('carry any words of a refusal up to 512 characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 600 }), fc.option(fc.maxSafeNat()), (message, version) => {
        const headers = refusalHeaders(403, 'DEFAULT_DENY', message, version);
        for (const value of Object.values(headers)) expect(String(value)).to.match(/^[\x20-\x7e]*$/);
        try {
          readAnswer({ ...headers, ':status': 403 });
          expect.fail('a refusal was read as an answer');
        } catch (error) {
          if (!(error instanceof FlowRefusedError)) throw error;
          expect(error.message).to.equal(message.slice(0, 512).toWellFormed());
          expect(error.targetVersion).to.equal(version);
        }
      }),
    );
  });

  for (const [what, headers] of [
    ['an acceptance without a version', { ':status': 200 }],
    ['an acceptance with a version that is none', { ':status': 200, 'gs-version': '-1' }],
    ['a refusal without a code', { ':status': 403 }],
    ['a refusal with a code that is none', { ':status': 403, 'gs-code': 'no code' }],
    ['an answer without a status', {}],
    ['a refusal with a code among other words', { ':status': 403, 'gs-code': 'x DENIED' }],
    ['a refusal with a code that goes on', { ':status': 403, 'gs-code': 'DENIED x' }],
    ['a refusal with a version that is no text', { ':status': 403, 'gs-code': 'DENIED', 'gs-version': 7 }],
    ['a refusal with two codes', { ':status': 403, 'gs-code': ['DENIED', 'DENIED'] }],
  ] as const) {
    it(`are not ${what}`, () => {
      expect(() => readAnswer(headers))
        .to.throw()
        .with.property('code', 'PEER_PROTOCOL');
    });
  }
});

describe('answers to a probe', () => {
  it('carry the version that the target decided on', () => {
    expect(readProbeAnswer(confirmHeaders(7))).to.equal(7);
  });

  it('that refuse are read as any refusal', () => {
    expect(() => readProbeAnswer(refusalHeaders(403, 'FLOW_LIMIT', 'too many flows', 7)))
      .to.throw(FlowRefusedError)
      .with.property('code', 'FLOW_LIMIT');
  });

  it('that are an answer of no protocol say so', () => {
    expect(() => readProbeAnswer({ ':status': 403 }))
      .to.throw()
      .with.property('code', 'PEER_PROTOCOL');
  });

  for (const [what, headers] of [
    ['refuses headers that it does not know', refusalHeaders(400, 'HEADER_UNKNOWN', 'gs-probe is not known', null)],
    ['takes them for a flow', acceptHeaders(7)],
  ] as const) {
    it(`never count as a yes from a peer of an earlier release, which ${what}`, () => {
      expect(() => readProbeAnswer(headers))
        .to.throw(ProbeNotKnownError)
        .with.property('code', 'PROBE_NOT_KNOWN');
    });
  }
});
