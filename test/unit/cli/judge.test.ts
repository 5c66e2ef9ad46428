import { expect } from 'chai';
import { parseDestination } from '#apps/cli/diagnostics/destination.js';
import { type Expectation, judge } from '#apps/cli/diagnostics/judge.js';
import { thrown } from '#test/unit/cli/thrown.js';

type Reason = Parameters<typeof judge>[0]['verdict']['reason'];
type Effect = Parameters<typeof judge>[0]['verdict']['effect'];
type Checks = Parameters<typeof judge>[0]['checks'];

const applied = (role: 'source' | 'target', status: Checks[number]['status']): Checks[number] => ({
  role,
  code: 'TOPOLOGY_APPLIED',
  status,
});
const pass: Checks = [
  applied('source', 'pass'),
  applied('target', 'pass'),
  { role: 'target', code: 'POLICY', status: 'pass' },
];
const skipped: Checks = [{ role: 'source', code: 'MESH_JOINED', status: 'skipped' }, ...pass];
const failing: Checks = [{ role: 'source', code: 'DNS_LOADED', status: 'fail' }, ...pass];
const silent: Checks = [applied('target', 'unknown')];
const silentSource: Checks = [applied('source', 'unknown'), applied('target', 'pass')];
const oneOfTwoSources: Checks = [applied('source', 'pass'), applied('source', 'unknown'), applied('target', 'unknown')];
const noLocalNode: Checks = [applied('source', 'skipped'), applied('target', 'fail')];

describe('cli: what network test exits with', () => {
  const rows: readonly (readonly [string, Effect, Reason, Checks, Expectation | null, number])[] = [
    ['allowed, every check passed', 'allow', 'ALLOWED', pass, null, 0],
    ['allowed, a check skipped', 'allow', 'ALLOWED', skipped, null, 0],
    ['allowed, a check skipped', 'allow', 'ALLOWED', skipped, 'allow', 0],
    ['allowed, a check failed', 'allow', 'ALLOWED', failing, null, 5],
    ['allowed, a check failed', 'allow', 'ALLOWED', failing, 'allow', 5],
    ['allowed, an agent silent', 'allow', 'ALLOWED', silent, null, 5],
    ['allowed', 'allow', 'ALLOWED', pass, 'deny', 1],
    ['denied by no rule', 'deny', 'DEFAULT_DENY', pass, null, 3],
    ['denied by a rule', 'deny', 'EXPLICIT_DENY', failing, null, 3],
    ['denied', 'deny', 'DEFAULT_DENY', pass, 'allow', 3],
    ['denied', 'deny', 'DEFAULT_DENY', pass, 'deny', 0],
    ['denied, a route missing', 'deny', 'EXPLICIT_DENY', failing, 'deny', 0],
    ['denied, nobody known to follow', 'deny', 'EXPLICIT_DENY', silent, 'deny', 5],
    ['denied, one end silent', 'deny', 'EXPLICIT_DENY', silentSource, 'deny', 0],
    ['denied, a source and the target silent', 'deny', 'EXPLICIT_DENY', oneOfTwoSources, 'deny', 5],
    ['denied, no source asked, the target behind', 'deny', 'EXPLICIT_DENY', noLocalNode, 'deny', 5],
    ['denied, nobody to ask', 'deny', 'DEFAULT_DENY', [], 'deny', 0],
    ['no such alias', 'deny', 'NO_ALIAS', pass, 'deny', 6],
    ['no such port', 'deny', 'NO_PORT', pass, null, 6],
    ['source not attached', 'deny', 'NOT_ATTACHED', pass, 'deny', 6],
    ['mixed', 'mixed', 'MIXED', pass, null, 5],
    ['mixed', 'mixed', 'MIXED', pass, 'allow', 5],
    ['mixed', 'mixed', 'MIXED', pass, 'deny', 5],
  ];
  for (const [what, effect, reason, checks, expected, code] of rows) {
    it(`${what}${expected === null ? '' : `, ${expected} expected`}: ${code}`, () => {
      const result = { verdict: { effect, reason }, checks, disagreements: [] };
      expect(judge(result, expected).exitCode).to.equal(code);
    });
  }
});

describe('cli: what network test exits with when an agent decides otherwise', () => {
  const disagreements = [{ agentId: 'host-a', nodeId: null }];
  for (const expected of [null, 'allow', 'deny'] as const) {
    for (const [effect, reason] of [
      ['allow', 'ALLOWED'],
      ['deny', 'EXPLICIT_DENY'],
      ['deny', 'NO_ALIAS'],
      ['mixed', 'MIXED'],
    ] as const) {
      it(`${reason}, ${expected ?? 'nothing'} expected: 5, and who it is`, () => {
        const { exitCode, summary } = judge({ verdict: { effect, reason }, checks: pass, disagreements }, expected);
        expect(exitCode).to.equal(5);
        expect(summary).to.contain('host-a');
      });
    }
  }
});

describe('cli: destinations', () => {
  it('are an alias and a published port', () => {
    expect(parseDestination('api:8080', 'to')).to.deep.equal({ alias: 'api', port: 8080 });
  });

  for (const text of ['', 'api', 'api:', ':8080', 'api:0', 'api:65536', 'api:8080:1', 'local:8080', 'API:1']) {
    it(`are refused as ${JSON.stringify(text)}`, () => {
      expect(thrown(() => parseDestination(text, 'to')).code).to.be.oneOf(['INVALID_INPUT', 'ALIAS_RESERVED']);
    });
  }

  it('are of TCP', () => {
    expect(parseDestination('api:8080/tcp', 'to')).to.deep.equal({ alias: 'api', port: 8080 });
    expect(thrown(() => parseDestination('api:8080/udp', 'to')).code).to.equal('UDP_UNSUPPORTED');
  });
});
