import type {
  AgentDto,
  AliasDto,
  AppliedDto,
  AttachmentDto,
  ExplanationDto,
  ListedEgressRuleDto,
  ListedRuleDto,
  NetworkDiffDto,
  NetworkDto,
  NetworkStatusDto,
  PastChangeDto,
  PreviewDto,
  ResolutionDto,
  SandboxDto,
  SessionDto,
  TestResultDto,
  VerdictTurnsDto,
} from '#libs/api-client/generated/index.js';

/** One example of each answer of the control plane; the types are those of its OpenAPI document. */
const epoch = { counter: 1, id: 'e1' };
const time = '2026-01-02T03:04:05.000Z';

export const network: NetworkDto = {
  id: '0d1f3a52-9a41-4b5e-8f0f-1a0c6b8a2f11',
  name: 'dev',
  suffix: 'dev.gstacks',
  mode: 'agent_proxy',
  version: 4,
  epoch,
  status: 'SYNCED',
  maxStalenessSeconds: 86_400,
  sandboxes: 1,
  aliases: 1,
  rules: 1,
  egressRules: 0,
  unreadable: null,
  quarantinedSince: null,
  applied: { confirmed: 2, expected: 2, elapsedMs: 41, flowsCut: 0, missing: [] },
  lastChange: { version: 5, type: 'NetworkCreated', summary: 'created', at: '2026-01-02T03:04:05.000Z' },
  createdAt: time,
};

export const alias: AliasDto = {
  alias: 'api',
  name: 'api.dev.gstacks',
  sandboxId: 'sbx-api',
  agentId: 'host-b',
  ports: [
    { published: 80, target: 8080 },
    { published: 8080, target: 8080 },
  ],
};

export const attachment: AttachmentDto = {
  sandboxId: 'sbx-api',
  agentId: 'host-b',
  labels: { tier: 'api' },
  aliases: [alias],
  dns: 'restart-required',
  dnsRemedy: 'restart the sandbox',
  lastKnown: null,
};

const LAST = { at: time, secondsAgo: 190 };

/** Its agent is not in contact. */
export const silentAttachment: AttachmentDto = {
  ...attachment,
  ...{ dns: 'unknown', dnsRemedy: null },
  lastKnown: { dns: 'active', dnsRemedy: null, ...LAST },
};

export const egressRule: ListedEgressRuleDto = {
  ...{ id: 'rule-5e0d32bc', effect: 'allow', from: 'web' },
  ...{ to: 'packages.example.com', port: 443, private: false },
  ...{ since: 4, by: null, at: null },
};
export const rule: ListedRuleDto = {
  ...{ id: 'rule-4f9c21ab', effect: 'allow', from: 'local', to: 'api', port: 8080 },
  ...{ since: 3, by: 'ada', at: new Date(Date.now() - 3 * 3_600_000).toISOString() },
};

export const resolution: ResolutionDto = {
  ...alias,
  addresses: [
    { agentId: 'host-a', address: '127.77.0.5' },
    { agentId: 'host-b', address: null },
  ],
  version: 4,
};

/** Another agent reports it too. */
const conflict: SandboxDto['conflicts'][number] = {
  ...{ agentId: 'host-a', code: 'PLACEMENT_CONFLICT' },
  message: 'agent host-a reports sandbox sbx-api, which agent host-b has not reported gone',
  remedy: 'end it on host-b',
};

export const sandbox: SandboxDto = {
  id: 'sbx-api',
  agentId: 'host-b',
  status: 'RUNNING',
  address: '127.79.1.10',
  driver: 'static',
  labels: { tier: 'api' },
  isolation: 'advisory',
  source: 'unverified',
  dns: 'active',
  dnsRemedy: null,
  namespace: null,
  container: null,
  isolationEvidence: null,
  isolationRemedy: null,
  lastKnown: null,
  formerAgentId: null,
  pinnedTo: null,
  conflicts: [],
  unreadable: null,
  networks: [{ network: 'dev', aliases: [alias] }],
};

export const movedSandbox: SandboxDto = { ...sandbox, formerAgentId: 'host-a', conflicts: [conflict] };

/** Its agent is not in contact. */
export const silentSandbox: SandboxDto = {
  ...sandbox,
  ...{ status: 'UNKNOWN', isolation: null, source: null, dns: 'unknown', dnsRemedy: null },
  lastKnown: {
    ...{ isolation: 'enforced', isolationEvidence: null, isolationRemedy: null, source: 'verified' },
    ...{ dns: 'active', dnsRemedy: null, ...LAST },
  },
};

export const agent: AgentDto = {
  id: 'host-b',
  status: 'ONLINE',
  driver: 'static',
  softwareVersion: '0.1.0',
  lastContactAt: time,
  enrolledAt: time,
  mesh: {
    ...{ transport: 'direct', state: 'joined', code: null, message: null },
    ...{ endpoints: ['127.0.0.1:7001'], lastKnown: null },
  },
  refused: [
    {
      name: 'api2',
      sandboxId: 'sbx-api',
      code: 'SANDBOX_ID_TAKEN',
      message: 'container api2: the container api is already the sandbox sbx-api',
      remedy: 'give one of the two another label gstacks.sandbox, or stop api',
    },
  ],
  sandboxes: ['sbx-api'],
  unreadable: null,
  networks: [{ network: 'dev', status: 'SYNCED', appliedVersion: 4, version: 4 }],
};

export const networkStatus: NetworkStatusDto = {
  network: 'dev',
  version: 4,
  epoch,
  status: 'FAILED',
  unreadable: null,
  quarantinedSince: null,
  placements: [
    {
      ...{ sandboxId: 'sbx-api', agentId: 'host-b', since: 4, formerAgentId: 'host-a', pinnedTo: null },
      conflicts: [conflict],
    },
  ],
  agents: [
    {
      agentId: 'host-b',
      status: 'FAILED',
      appliedVersion: 4,
      appliedAt: time,
      lastContactAt: time,
      mesh: {
        transport: 'tsnet',
        state: 'failed',
        code: 'MESH_KEY_USED',
        message: 'authkey already used',
        endpoints: [],
        lastKnown: null,
      },
      failures: [{ alias: 'api', code: 'PORT_TAKEN', message: '127.77.0.5:8080 is taken' }],
      refusedFlows: [
        { code: 'DEFAULT_DENY', count: 12 },
        { code: 'FLOW_LIMIT', count: 3 },
      ],
      ...{ flowsCut: null, tookMs: null },
      reason: 'one alias is not up',
    },
    {
      agentId: 'host-c',
      status: 'OFFLINE',
      appliedVersion: 3,
      appliedAt: time,
      lastContactAt: time,
      mesh: null,
      failures: [{ alias: 'web', code: 'PORT_TAKEN', message: '127.77.0.6:80 is taken' }],
      refusedFlows: [],
      ...{ flowsCut: null, tookMs: null },
      reason: 'no heartbeat',
    },
  ],
  localNodes: [
    {
      nodeId: 'laptop-0a1b2c3d4e',
      user: 'ada',
      machine: 'laptop',
      status: 'ONLINE',
      appliedVersion: 4,
      lastContactAt: time,
      expiresAt: time,
      mesh: {
        transport: 'tsnet',
        state: 'joined',
        code: 'MESH_CONTROL_UNREACHABLE',
        message: 'the control server does not answer; known peers stay reachable',
        endpoints: ['100.64.0.7:41641'],
        lastKnown: null,
      },
    },
    {
      nodeId: 'desk-5f6a7b8c9d',
      user: 'bob',
      machine: 'desk',
      status: 'OFFLINE',
      appliedVersion: null,
      lastContactAt: null,
      expiresAt: time,
      mesh: null,
    },
    {
      nodeId: 'tower-6a7b8c9d0e',
      user: 'bob',
      machine: 'tower',
      status: 'OFFLINE',
      appliedVersion: 3,
      lastContactAt: time,
      expiresAt: time,
      mesh: {
        ...{ transport: 'direct', state: 'unknown', code: null, message: null, endpoints: [] },
        lastKnown: { state: 'joined', code: null, message: null, endpoints: [], at: time, secondsAgo: 190 },
      },
    },
  ],
};

/** A newer release wrote to it. */
export const unreadableStatus: NetworkStatusDto = {
  ...{ ...networkStatus, status: 'STREAM_UNREADABLE', placements: [], agents: [], localNodes: [] },
  unreadable: {
    ...{ position: 812, version: 5, eventType: 'NetworkPainted', schemaVersion: 1 },
    message: 'event NetworkPainted in schema version 1 is not known to this release',
    remedy: 'run the release that wrote it, or a later one',
  },
};

export const session: SessionDto = {
  ...{ user: 'admin', role: 'admin', expiresAt: null },
  ...{ kind: 'token', sessionId: null, joinNetworks: null },
};

export const applied: AppliedDto = {
  network: 'dev',
  version: 5,
  confirmed: 2,
  expected: 2,
  elapsedMs: 41,
  flowsCut: 3,
  supersededBy: null,
  agents: [
    { agentId: 'host-a', status: 'SYNCED', appliedVersion: 5, flowsCut: 3, tookMs: 41, reason: null },
    { agentId: 'host-b', status: 'SYNCED', appliedVersion: 5, flowsCut: 0, tookMs: 12, reason: null },
  ],
};

const hostB = { agentId: 'host-b', nodeId: null, role: 'target', effect: null } as const;

export const tested: TestResultDto = {
  verdict: { effect: 'allow', reason: 'ALLOWED', ruleId: rule.id, nearMisses: [], epoch, version: 4, members: [] },
  rule: { ...rule, by: 'admin', at: time },
  checks: [
    {
      agentId: null,
      nodeId: null,
      role: 'source',
      code: 'MESH_JOINED',
      effect: null,
      status: 'skipped',
      evidence: 'no local node has joined',
      remedy: 'gstacks mesh join dev',
    },
    { ...hostB, code: 'MESH_JOINED', status: 'pass', evidence: 'joined by direct', remedy: null },
    { ...hostB, code: 'TOPOLOGY_APPLIED', status: 'pass', evidence: 'version 4', remedy: null },
    { ...hostB, code: 'POLICY', effect: 'allow', status: 'pass', evidence: 'allowed by rule-4f9c21ab', remedy: null },
  ],
  disagreements: [],
  firstFailure: null,
};

export const write = { network: 'dev', version: 5, changed: true, unchangedSince: null, warnings: [] };
/** Like `write`, for a write that changed nothing. */
export const unchanged = { ...write, changed: false, unchangedSince: 3 };
export const page = (...items: readonly unknown[]) => ({ items, nextCursor: null });

export const pastChange: PastChangeDto = {
  ...{ position: 40, network: 'dev', networkId: network.id, version: 7, type: 'PolicyRuleAdded', takesAway: true },
  ...{ summary: 'deny web to api:8080', actor: 'user:ada', at: time, commandId: 'c-1' },
  ...{ sandboxId: null, alias: 'api', ruleId: 'rule-4f9c21ab' },
};

export const difference: NetworkDiffDto = {
  network: 'dev',
  from: { version: 6, since: '2026-01-02T02:00:00.000Z', until: time },
  to: { version: 7, since: time, until: null },
  gained: [{ from: 'local:ada', alias: 'api', port: 8080 }],
  gainedLeftOut: 0,
  lost: [{ from: 'sandbox:sbx-web', alias: 'api', port: 8080 }],
  lostLeftOut: 3,
  changes: [pastChange],
  changesLeftOut: 0,
};

/** The preview of a write. */
export const plan: PreviewDto = {
  ...{ network: 'dev', version: 7, changed: true, unchangedSince: null },
  warnings: [{ code: 'PARTLY_OVERRIDDEN_BY_DENY', message: 'rule-00000002 still denies web' }],
  ...{ gained: difference.gained, gainedLeftOut: 0, lost: difference.lost, lostLeftOut: 3 },
  rules: [{ ruleId: 'rule-4f9c21ab', before: null, after: 'OVERRIDDEN' }],
  cuts: {
    ...{ countedAt: time, cut: 3, kept: 0, leftOut: 0, notKnown: [{ agentId: 'host-a', reason: 'it is OFFLINE' }] },
    pairs: [
      {
        ...{ from: 'sandbox:sbx-web', alias: 'api', port: 8080, open: 3, isCut: true, ruleId: null },
        ...{ oldestOpenedAt: time, bytesToTarget: 1, bytesToSource: 1 },
        ...{ sourceAgentId: 'host-a', targetAgentId: 'host-b' },
      },
    ],
  },
};

export const explanation: ExplanationDto = {
  network: 'dev',
  at: { version: 7, since: time, until: null },
  verdict: {
    ...{ effect: 'deny', reason: 'EXPLICIT_DENY', ruleId: 'rule-4f9c21ab', epoch, version: 7, members: [] },
    nearMisses: [{ ruleId: 'rule-00000002', missed: 'port' }],
  },
  rule: { ruleId: 'rule-4f9c21ab', text: 'deny web to api:8080', made: pastChange },
  remedy: 'gstacks network policy remove dev rule-4f9c21ab',
  appliedBy: '2026-01-02T04:00:00.000Z',
  agents: [
    { agentId: 'host-a', roles: ['source'], version: 7, appliedAt: time, effect: 'deny' },
    { agentId: 'host-b', roles: ['target'], version: null, appliedAt: null, effect: null },
  ],
};

export const turns: VerdictTurnsDto = {
  network: 'dev',
  turns: [{ change: pastChange, effect: 'deny', reason: 'EXPLICIT_DENY', ruleId: 'rule-4f9c21ab' }],
  turnsLeftOut: 0,
};
