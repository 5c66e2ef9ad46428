import { judge } from '#apps/cli/diagnostics/judge.js';
import { type AskedConnection, showTest } from '#apps/cli/diagnostics/test-text.js';
import type { CheckDto, TestResultDto } from '#libs/api-client/generated/index.js';
import { CHECKS_OF_OUTSIDE } from '#libs/contracts/bus/checks.js';
import { long, NOW_MS, type Paint, type Picture } from '#test/support/screens/paint.js';
import { checksOf, ownPolicy, result, ruleOf, silence } from '#test/support/screens/test-answers.js';

const test =
  (asked: AskedConnection, answer: TestResultDto, expected: 'allow' | 'deny' | null = null): Paint =>
  (screen) =>
    showTest(screen, asked, answer, judge(answer, expected), NOW_MS);

const dev = { network: 'dev', from: 'web', to: { alias: 'api', port: 8_080 } };
const hostA = { agentId: 'host-a' };
const hostB = { agentId: 'host-b' };
const undo = 'gstacks network policy remove dev rule-c302';
const allowIt = 'gstacks network policy allow dev --from web --to api --port 8080';
const explicit = result(
  { effect: 'deny', reason: 'EXPLICIT_DENY', ruleId: 'rule-c302' },
  [ownPolicy('fail', 'deny', undo), ...checksOf(hostA, 'source', 'deny'), ...checksOf(hostB, 'target', 'deny')],
  { rule: ruleOf('deny', 'web', 'api') },
);
const manyHosts = Array.from({ length: 18 }, (_, index) => `host-${String(index + 1).padStart(2, '0')}`);

const longTest: AskedConnection = {
  network: long('network'),
  from: `sandbox:${long('sbx')}`,
  to: { alias: long('alias'), port: 8_080 },
};

export const TESTS: readonly Picture[] = [
  [
    'test-allowed',
    test(
      dev,
      result(
        { ruleId: 'rule-c302' },
        [
          ownPolicy('pass', 'allow', null),
          ...checksOf(hostA, 'source', 'allow'),
          ...checksOf(hostB, 'target', 'allow'),
        ],
        { rule: ruleOf('allow', 'web', 'api') },
      ),
    ),
  ],
  [
    'test-rule-ends',
    test(
      dev,
      result(
        { ruleId: 'rule-c302' },
        [
          ownPolicy('pass', 'allow', null),
          ...checksOf(hostA, 'source', 'allow'),
          ...checksOf(hostB, 'target', 'allow'),
        ],
        { rule: { ...ruleOf('allow', 'web', 'api'), until: new Date(NOW_MS + 7_140_000).toISOString() } },
      ),
    ),
  ],
  ['test-denied', test(dev, explicit)],
  ['test-denied-as-expected', test(dev, explicit, 'deny')],
  [
    'test-default-deny',
    test(
      dev,
      result(
        {
          ...{ effect: 'deny', reason: 'DEFAULT_DENY' },
          nearMisses: [{ ruleId: 'rule-4f9c21ab', missed: 'port' }],
        },
        [
          ownPolicy('fail', 'deny', allowIt),
          ...checksOf(hostA, 'source', 'deny'),
          ...checksOf(hostB, 'target', 'deny'),
        ],
      ),
    ),
  ],
  [
    'test-mixed-of-many-hosts',
    test(
      { ...dev, from: 'label:tier=web' },
      result(
        {
          ...{ effect: 'mixed', reason: 'MIXED' },
          members: [
            { source: 'sandbox:sbx-web-1', effect: 'allow', reason: 'ALLOWED', ruleId: 'rule-4f9c21ab' },
            { source: 'sandbox:sbx-web-2', effect: 'deny', reason: 'EXPLICIT_DENY', ruleId: 'rule-c302' },
            { source: 'sandbox:sbx-web-3', effect: 'deny', reason: 'DEFAULT_DENY', ruleId: null },
          ],
        },
        [
          ownPolicy('fail', 'mixed', 'gstacks network policy list dev'),
          ...manyHosts.flatMap((agentId, index) =>
            checksOf({ agentId }, 'source', 'mixed', {
              ...(index === 16 ? silence(agentId) : {}),
              ...(index === 11
                ? {
                    ROUTE_PRESENT: {
                      status: 'fail',
                      evidence: 'the proxy does not listen',
                      remedy: 'see `gstacks network status dev`',
                    },
                  }
                : {}),
            }),
          ),
          ...checksOf(hostB, 'target', 'mixed'),
        ],
      ),
    ),
  ],
  [
    'test-names-of-63-characters',
    test(
      longTest,
      result(
        { ruleId: 'rule-4f9c21ab' },
        [
          ownPolicy('pass', 'allow', null),
          ...checksOf({ agentId: long('host-a') }, 'source', 'allow'),
          ...checksOf({ agentId: long('host-b') }, 'target', 'allow', {
            TARGET_ACCEPTS: {
              status: 'fail',
              evidence: `nothing listens on port 8080 of ${long('sbx')}: its socket table holds 127.0.0.1:9090 only`,
              remedy: `start the service in ${long('sbx')}, or have it listen on 0.0.0.0`,
            },
          }),
        ],
        { rule: ruleOf('allow', longTest.from, longTest.to.alias, 'rule-4f9c21ab') },
      ),
    ),
  ],
  [
    'test-target-silent',
    test(
      dev,
      result(
        { ruleId: 'rule-4f9c21ab' },
        [
          ownPolicy('pass', 'allow', null),
          ...checksOf(hostA, 'source', 'allow', {
            PEER_REACHED: {
              status: 'fail',
              evidence: 'agent host-b cannot be reached at 10.0.0.2:41641: CONNECT_TIMEOUT, no answer in 2 s',
              remedy: 'something between the hosts drops its packets: open UDP 41641 on host-b',
            },
          }),
          ...checksOf(hostB, 'target', null, silence('host-b')),
        ],
        { rule: ruleOf('allow', 'web', 'api') },
      ),
    ),
  ],
  [
    'test-host-decides-otherwise',
    test(
      dev,
      (() => {
        const contrary: CheckDto = {
          ...{ ...hostB, nodeId: null, role: 'target', code: 'POLICY', status: 'fail', effect: 'allow' },
          evidence:
            'web to api:8080: ALLOWED by rule-4f9c21ab, by version 15; the control plane decides deny at version 16',
          remedy: 'they hold different policies: see `gstacks network status dev`',
        };
        const outdated: Partial<CheckDto> = {
          status: 'fail',
          evidence: 'version 15 is applied; the control plane has 16',
          remedy: 'test again; if this lasts, read its log',
        };
        return {
          ...explicit,
          checks: [
            ownPolicy('fail', 'deny', undo),
            ...checksOf(hostA, 'source', 'deny'),
            ...checksOf(hostB, 'target', 'allow', { POLICY: contrary, TOPOLOGY_APPLIED: outdated }),
          ],
          disagreements: [contrary],
          firstFailure: contrary,
        };
      })(),
    ),
  ],
  [
    'test-name-outside-with-an-exit',
    test(
      { network: 'dev', from: 'web', to: { alias: 'packages.mirror.eu-central.example.com', port: 443 } },
      result(
        { ruleId: 'rule-5e0d32bc' },
        [
          ownPolicy('pass', 'allow', null),
          ...checksOf(hostA, 'source', 'allow', {}, CHECKS_OF_OUTSIDE.source),
          ...checksOf(
            hostB,
            'target',
            'allow',
            {
              NAME_RESOLVES: {
                status: 'fail',
                evidence: 'packages.mirror.eu-central.example.com leads to 10.1.2.3, which is private',
                remedy:
                  'gstacks network egress allow dev --from web --to packages.mirror.eu-central.example.com:443 --private',
              },
            },
            CHECKS_OF_OUTSIDE.target,
          ),
        ],
        { rule: { ...ruleOf('allow', 'web', '*.example.com', 'rule-5e0d32bc'), port: 443, by: null, at: null } },
      ),
    ),
  ],
  [
    'test-local-machines',
    test(
      { ...dev, from: 'local' },
      result(
        { ruleId: 'rule-4f9c21ab' },
        [
          ownPolicy('pass', 'allow', null),
          ...checksOf({ nodeId: 'laptop-0a1b2c3d4e' }, 'source', 'allow'),
          ...checksOf({ nodeId: 'desk-5f6a7b8c9d' }, 'source', 'deny'),
          ...checksOf({ nodeId: 'tower-6a7b8c9d0e' }, 'source', null, silence('tower-6a7b8c9d0e')),
          ...checksOf(hostB, 'target', 'allow'),
        ],
        { rule: ruleOf('allow', 'local', 'api') },
      ),
    ),
  ],
  [
    'test-nobody-joined',
    test(
      { ...dev, from: 'local' },
      result(
        { ruleId: 'rule-4f9c21ab' },
        [
          ownPolicy('pass', 'allow', null),
          ...checksOf({}, 'source', null).map(
            (check): CheckDto => ({
              ...check,
              ...{
                status: 'skipped',
                evidence: 'no local node has joined this network',
                remedy: 'gstacks mesh join dev',
              },
            }),
          ),
          ...checksOf(hostB, 'target', 'allow'),
        ],
        { rule: ruleOf('allow', 'local', 'api') },
      ),
    ),
  ],
  [
    'test-no-alias',
    test(
      { ...dev, to: { alias: 'nope', port: 8_080 } },
      result({ effect: 'deny', reason: 'NO_ALIAS' }, [
        ownPolicy(
          'fail',
          'deny',
          'gstacks network alias add dev <sandbox-id> nope --port 8080, or see what is published: gstacks network alias list dev',
        ),
        ...checksOf(hostA, 'source', 'deny'),
        {
          ...{ agentId: null, nodeId: null, role: null, code: 'ROUTE_PRESENT', status: 'fail', effect: null },
          ...{ evidence: 'network dev has no alias nope', remedy: 'gstacks network alias list dev' },
        },
      ]),
    ),
  ],
];
