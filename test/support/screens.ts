import { join } from 'node:path';
import { judge } from '#apps/cli/diagnostics/judge.js';
import { type AskedConnection, showTest } from '#apps/cli/diagnostics/test-text.js';
import { showMesh } from '#apps/cli/mesh/status-text.js';
import { showStatus } from '#apps/cli/network-status-text.js';
import { Screen } from '#apps/cli/output/screen.js';
import { aliasColumns, attachmentColumns } from '#apps/cli/views.js';
import type {
  AgentNetworkStatusDto,
  AttachmentDto,
  CheckDto,
  LocalNodeStatusDto,
  NetworkStatusDto,
  TestResultDto,
} from '#libs/api-client/generated/index.js';
import { CHECKS_OF, CHECKS_OF_OUTSIDE, type CheckRole } from '#libs/contracts/bus/checks.js';
import type { ForwardState, JoinedNetworkState } from '#libs/contracts/local-node-requests.js';
import { CLONE } from '#test/support/clone.js';

/** Widths of a terminal that each picture is kept for. */
export const WIDTHS = [60, 80, 120, 200] as const;

const NOW_MS = Date.UTC(2026, 0, 2, 12, 30, 0);
const secondsAgo = (seconds: number) => new Date(NOW_MS - seconds * 1_000).toISOString();
const inSeconds = (seconds: number) => secondsAgo(-seconds);
/** The longest name that there is. */
const long = (start: string) =>
  `${start}-of-the-warehouse-in-the-north-of-the-country-of-the-customer`.slice(0, 63).replace(/-$/, 'x');

type Paint = (screen: Screen) => void;

/** What a command shows on a terminal of this width; null: not a terminal. */
export function painted(paint: Paint, width: number | null, isVerbose = false): string {
  const lines: string[] = [];
  const paper = { hasColour: false, width: width ?? Number.POSITIVE_INFINITY, isVerbose };
  paint(new Screen((text) => lines.push(text), paper));
  return lines.join('');
}

const epoch = { id: 'epoch-1', counter: 1 };

function checksOf(
  who: Partial<Pick<CheckDto, 'agentId' | 'nodeId'>>,
  role: CheckRole,
  effect: CheckDto['effect'],
  change: Partial<Record<CheckDto['code'], Partial<CheckDto>>> = {},
  codes: readonly CheckDto['code'][] = CHECKS_OF[role],
): readonly CheckDto[] {
  return codes.map((code) => {
    const isPolicy = code === 'POLICY';
    const denied = effect === 'deny' || effect === 'mixed';
    const status = isPolicy ? (denied ? 'fail' : 'pass') : denied && code === 'PEER_REACHED' ? 'skipped' : 'pass';
    const evidence = code === 'PEER_REACHED' ? 'agent host-b would take a flow, after 1 ms' : 'as it should be';
    return {
      ...{ agentId: null, nodeId: null, ...who, role, code, status, evidence, remedy: null },
      effect: isPolicy ? effect : null,
      ...change[code],
    };
  });
}

const silence = (who: string): Partial<Record<CheckDto['code'], Partial<CheckDto>>> =>
  Object.fromEntries(
    [...CHECKS_OF.source, ...CHECKS_OF.target].map((code) => [
      code,
      {
        ...{ status: 'unknown', effect: null, evidence: `agent ${who} did not answer` },
        remedy: `see \`gstacks agent list\`, and whether the agent of ${who} runs`,
      },
    ]),
  );

const ownPolicy = (status: 'pass' | 'fail', effect: CheckDto['effect'], remedy: string | null): CheckDto => ({
  ...{ agentId: null, nodeId: null, role: null, code: 'POLICY', status, effect, remedy },
  evidence: 'as the control plane decides, at version 16',
});

function result(
  verdict: Partial<TestResultDto['verdict']>,
  checks: readonly CheckDto[],
  rest: Partial<TestResultDto> = {},
): TestResultDto {
  return {
    verdict: {
      ...{ effect: 'allow', reason: 'ALLOWED', ruleId: null, nearMisses: [], epoch, version: 16, members: [] },
      ...verdict,
    },
    rule: null,
    checks: [...checks],
    disagreements: [],
    firstFailure:
      checks.find(({ status }) => status === 'fail') ?? checks.find(({ status }) => status === 'unknown') ?? null,
    ...rest,
  };
}

const test =
  (asked: AskedConnection, answer: TestResultDto, expected: 'allow' | 'deny' | null = null): Paint =>
  (screen) =>
    showTest(screen, asked, answer, judge(answer, expected), NOW_MS);

const dev = { network: 'dev', from: 'web', to: { alias: 'api', port: 8_080 } };
const ruleOf = (effect: 'allow' | 'deny', from: string, to: string, id = 'rule-c302') => ({
  ...{ id, effect, from, to, port: 8_080, by: 'admin', at: secondsAgo(200) },
});
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

const TESTS: readonly (readonly [string, Paint])[] = [
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
              evidence: `nobody listens on port 8080 of ${long('sbx')}: its socket table holds 127.0.0.1:9090 only`,
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
              evidence: 'agent host-b is not reached at 10.0.0.2:41641: CONNECT_TIMEOUT, no answer in 2 s',
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
          remedy: 'test again; if it stays, read its log',
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

function agent(agentId: string, change: Partial<AgentNetworkStatusDto> = {}): AgentNetworkStatusDto {
  return {
    ...{ agentId, status: 'SYNCED', appliedVersion: 14, appliedAt: secondsAgo(3), lastContactAt: secondsAgo(1) },
    ...{ mesh: null, failures: [], refusedFlows: [], flowsCut: 0, tookMs: 12, reason: null },
    ...change,
  };
}
const offline = (agentId: string) =>
  agent(agentId, { status: 'OFFLINE', appliedVersion: 13, lastContactAt: secondsAgo(31), reason: 'no heartbeat' });

function localNode(nodeId: string, change: Partial<LocalNodeStatusDto> = {}): LocalNodeStatusDto {
  return {
    ...{ nodeId, user: 'ada', machine: 'laptop', status: 'ONLINE', appliedVersion: 14, mesh: null },
    ...{ lastContactAt: secondsAgo(1), expiresAt: inSeconds(840), ...change },
  };
}

const status =
  (agents: readonly AgentNetworkStatusDto[], change: Partial<NetworkStatusDto> = {}): Paint =>
  (screen) =>
    showStatus(
      screen,
      {
        ...{ network: 'prod', version: 14, epoch, status: 'OFFLINE', unreadable: null, quarantinedSince: null },
        ...{ placements: [], localNodes: [], agents: [...agents], ...change },
      },
      NOW_MS,
    );

const STATUSES: readonly (readonly [string, Paint])[] = [
  ['status-one-offline', status([agent('host-a'), offline('host-b'), agent('host-c')])],
  [
    'status-of-every-kind',
    status(
      [
        agent('host-a', {
          refusedFlows: [
            { code: 'DEFAULT_DENY', count: 12 },
            { code: 'FLOW_LIMIT', count: 3 },
          ],
        }),
        agent('host-b', {
          status: 'FAILED',
          reason: 'api: PORT_TAKEN: 127.77.0.5:8080 is taken',
          failures: [
            {
              alias: 'api',
              code: 'PORT_TAKEN',
              message: '127.77.0.5:8080 is taken by process 4711 (nginx: worker process)',
            },
            { alias: 'web', code: 'PORT_TAKEN', message: '127.77.0.6:80 is taken' },
          ],
        }),
        agent('host-c', { status: 'PENDING', appliedVersion: 13, reason: 'version 14 is on its way' }),
        agent('host-d', { status: 'STALE', appliedVersion: 13, reason: 'version 14 not acknowledged in 9042 ms' }),
        agent('host-e', {
          ...{ status: 'UNKNOWN', appliedVersion: null, appliedAt: null, lastContactAt: null },
          reason: 'the agent was not heard since the control plane started',
        }),
        agent('host-f', {
          mesh: {
            ...{
              transport: 'tsnet',
              state: 'joined',
              code: 'MESH_CONTROL_UNREACHABLE',
              endpoints: [],
              lastKnown: null,
            },
            message: 'the control server does not answer; known peers stay reachable',
          },
        }),
        agent('host-g', {
          status: 'OFFLINE',
          appliedVersion: 9,
          lastContactAt: secondsAgo(90_000),
          reason: 'the agent is revoked',
        }),
      ],
      {
        status: 'FAILED',
        placements: [
          {
            ...{ sandboxId: 'sbx-api', agentId: 'host-b', since: 4, formerAgentId: 'host-a', pinnedTo: null },
            conflicts: [
              {
                ...{ agentId: 'host-a', code: 'PLACEMENT_CONFLICT', remedy: 'gstacks sandbox release sbx-api' },
                message: 'agent host-a reports sandbox sbx-api, which belongs to agent host-b',
              },
            ],
          },
        ],
        localNodes: [
          localNode('laptop-0a1b2c3d4e'),
          localNode('desk-5f6a7b8c9d', { status: 'OFFLINE', appliedVersion: null, user: 'bob' }),
        ],
      },
    ),
  ],
  [
    'status-names-of-63-characters',
    status([agent(long('host-a')), offline(long('host-b')), agent('host-c')], {
      network: long('network'),
      localNodes: [localNode(long('laptop'))],
    }),
  ],
  [
    'status-of-many-agents',
    status([
      ...Array.from({ length: 40 }, (_, index) => agent(`host-${index + 1}`)),
      offline('host-41'),
      offline('host-42'),
    ]),
  ],
  ['status-empty', status([], { status: 'EMPTY', version: 1 })],
  [
    'status-quarantined',
    status([agent('host-a', { appliedVersion: 15 })], { status: 'QUARANTINED', version: 15, quarantinedSince: 15 }),
  ],
  [
    'status-unreadable',
    status([], {
      status: 'STREAM_UNREADABLE',
      unreadable: {
        ...{ position: 812, version: 5, eventType: 'NetworkPainted', schemaVersion: 1 },
        message: 'event NetworkPainted in schema version 1 is not known to this release',
        remedy: 'run the release that wrote it, or a later one',
      },
    }),
  ],
];

function joined(network: string, change: Partial<JoinedNetworkState> = {}): JoinedNetworkState {
  return {
    ...{ network, nodeId: 'laptop-0a1b2c3d4e', user: 'admin', state: 'joined', lastContactAt: secondsAgo(1) },
    ...{ code: null, message: null, remedy: null, bus: 'connected', mesh: 'joined', version: 22, newerVersion: null },
    ...{ expiresAt: inSeconds(850), reachable: [], forwards: [], ...change },
  };
}
const forward = (localPort: number, alias: string, change: Partial<ForwardState> = {}): ForwardState => ({
  ...{ alias, port: 8_080, localPort, state: 'open', reason: null, lastKnown: null, connections: 0, ...change },
});
const denial = (alias: string, network = 'dev') =>
  forward(18_383, alias, {
    state: 'denied',
    reason: `denied by policy, or not published (version 22); ask: gstacks network test ${network} local:admin ${alias}:8080`,
  });
const disconnected = (network: string) =>
  joined(network, {
    ...{ state: 'unknown', bus: 'refused', mesh: 'unknown', code: 'OUT_OF_CONTACT', lastContactAt: secondsAgo(1_800) },
    message: 'the control plane was last heard at 2026-01-02T12:00:00.000Z',
    remedy: `gstacks mesh join ${network}`,
  });

const mesh =
  (...networks: readonly JoinedNetworkState[]): Paint =>
  (screen) =>
    showMesh(screen, networks, NOW_MS);

const MESHES: readonly (readonly [string, Paint])[] = [
  [
    'mesh-two-networks',
    mesh(joined('dev', { forwards: [forward(18_381, 'api'), denial('nope')] }), disconnected('staging')),
  ],
  ['mesh-nothing-forwarded', mesh(joined('dev', { reachable: ['api:8080', 'web:80'] }), joined('empty'))],
  [
    'mesh-of-every-kind',
    mesh(
      joined('dev', {
        ...{ version: 20, newerVersion: 22, code: 'VERSION_OUTDATED', message: 'version 22 has not arrived' },
        remedy: 'gstacks network status dev',
        reachable: Array.from({ length: 40 }, (_, index) => `service-${index + 1}:8080`),
        forwards: [
          forward(18_381, 'api', { connections: 3 }),
          forward(18_382, 'web', { state: 'unreachable', reason: 'agent host-b: no connection (PEER_UNREACHABLE)' }),
          forward(18_384, 'db', {
            ...{ state: 'unknown', lastKnown: { state: 'open', at: secondsAgo(200) } },
            reason: "the target's agent was last asked at 2026-01-02T12:26:40.000Z",
          }),
        ],
      }),
      joined('old', {
        ...{ state: 'ended', code: 'LOCAL_NODE_REVOKED', message: 'it was revoked', remedy: null, mesh: 'left' },
        forwards: [forward(18_385, 'api', { state: 'ended', reason: 'it was revoked' })],
      }),
    ),
  ],
  [
    'mesh-names-of-63-characters',
    mesh(
      joined(long('network'), {
        user: long('user'),
        forwards: [forward(18_381, long('api')), denial(long('nope'), long('network'))],
        reachable: [`${long('db')}:5432`],
      }),
      disconnected(long('staging')),
    ),
  ],
];

const alias = (name: string, network: string) => ({
  ...{ alias: name, name: `${name}.${network}.gstacks`, sandboxId: `sbx-${name}`.slice(0, 63), agentId: 'host-b' },
  ports: [8_080, 9_090, 9_100, 9_200].map((published) => ({ published, target: published })),
  listeners: [],
});
const attachment = (sandboxId: string): AttachmentDto => ({
  ...{ sandboxId, agentId: 'host-a', labels: { tier: 'web', team: 'warehouse', stage: 'production' }, aliases: [] },
  ...{ dns: 'restart-required', dnsRemedy: 'restart the sandbox', lastKnown: null },
});

const LISTS: readonly (readonly [string, Paint])[] = [
  ['list-aliases', (screen) => screen.table([alias('api', 'dev'), alias('worker', 'dev')], aliasColumns)],
  [
    'list-aliases-of-63-characters',
    (screen) => screen.table([alias(long('api'), long('network')), alias('web', 'dev')], aliasColumns),
  ],
  [
    'list-attachments',
    (screen) => screen.table([attachment('sbx-api'), attachment('sbx-of-the-warehouse')], attachmentColumns),
  ],
];

/** Every picture by name: what the three commands and a few lists show. */
export const SCREENS: readonly (readonly [string, Paint])[] = [...TESTS, ...STATUSES, ...MESHES, ...LISTS];

/** Where pictures are kept; test/programs/write-screens.ts writes them. */
export const PICTURES = join(CLONE, 'test/fixtures/screens');

/** One file for each screen and width. */
export function pictures(): readonly { readonly file: string; readonly text: string }[] {
  return SCREENS.flatMap(([name, paint]) =>
    WIDTHS.map((width) => ({ file: `${name}.${width}.txt`, text: painted(paint, width) })),
  );
}
