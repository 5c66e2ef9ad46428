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
import { FlowRefusedError, type FlowRequest, ProbeNotKnownError } from '#libs/mesh/flow.js';
import { FlowRequestError, parseRequestHeaders, requestHeaders } from '#libs/mesh/flow-headers.js';
import type { FlowSource } from '#libs/policy/model.js';

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

describe('answer headers', () => {
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

  for (const [what, headers] of [
    ['refuses headers that it does not know', refusalHeaders(400, 'HEADER_UNKNOWN', 'gs-probe is not known', null)],
    ['takes them for a flow', acceptHeaders(7)],
  ] as const) {
    it(`never count as a yes from a peer of an earlier release, which ${what}`, () => {
      expect(() => readProbeAnswer(headers)).to.throw(ProbeNotKnownError);
    });
  }
});
