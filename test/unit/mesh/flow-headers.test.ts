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
import { readAnswer, refusalHeaders } from '#libs/mesh/answer-headers.js';
import { FlowRefusedError, type FlowRequest } from '#libs/mesh/flow.js';
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

const flat = (headers: OutgoingHttpHeaders) =>
  Object.entries(headers).flatMap(([name, value]) => [name, String(value)]);

describe('flow headers', () => {
  it('are read as they were written', () => {
    fc.assert(
      fc.property(request, (asked) => {
        expect(parseRequestHeaders(flat(requestHeaders(asked)))).to.deep.equal(asked);
      }),
    );
  });

  it('are read whatever their order, and refused with any one twice or left out', () => {
    fc.assert(
      fc.property(request, fc.nat(), (asked, pick) => {
        const pairs = Object.entries(requestHeaders(asked)).map(([name, value]) => [name, String(value)] as const);
        expect(parseRequestHeaders([...pairs].reverse().flat())).to.deep.equal(asked);
        const own = pairs.filter(([name]) => name.startsWith('gs-'));
        const chosen = own[pick % own.length];
        expect(() => parseRequestHeaders([...pairs, ...(chosen ? [chosen] : [])].flat())).to.throw(FlowRequestError);
        expect(() => parseRequestHeaders(pairs.filter((pair) => pair !== chosen).flat())).to.throw(FlowRequestError);
      }),
    );
  });

  it('of any kind give a request or a FlowRequestError, and nothing else', () => {
    const name = fc.oneof(fc.constantFrom('gs-port', 'gs-source', 'gs-version', ':method', '__proto__'), fc.string());
    fc.assert(
      fc.property(request, fc.array(fc.tuple(name, fc.string({ unit: 'binary' }))), (asked, extra) => {
        try {
          parseRequestHeaders([...flat(requestHeaders(asked)), ...extra.flat()]);
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
