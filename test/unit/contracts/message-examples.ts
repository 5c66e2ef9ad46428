const epoch = { counter: 1, id: '5c1d' };
const networkId = '0d1f3a52-9a41-4b5e-8f0f-1a0c6b8a2f11';
const hash = 'ab'.repeat(32);
const peers = [{ agentId: 'host-b', endpoints: ['10.0.0.2:7443'], keyThumbprint: 'ab'.repeat(32) }];

const applied = {
  protocol: 2,
  epoch,
  networkId,
  from: 6,
  to: 7,
  hash,
  signature: 'c2lnbmF0dXJl',
  outcome: 'applied',
  code: null,
  message: null,
  aliasFailures: [{ alias: 'api', code: 'PORT_IN_USE', message: 'port 8080 is taken' }],
  flowsCut: ['0123456789abcdef0123456789abcdef'],
  appliedAt: '2026-03-01T12:00:00.123Z',
};

const hello = {
  protocol: 2,
  bootId: 'boot-1',
  softwareVersion: '0.1.0',
  driver: 'netns',
  mesh: { transport: 'direct', state: 'joined', code: null, message: null, endpoints: ['10.0.0.1:7443'] },
  networks: [{ networkId, epoch, version: 7, hash, signature: 'c2lnbmF0dXJl' }],
  takesDeltas: true,
  peersRevision: 2,
  refusedFlows: [{ networkId, code: 'DEFAULT_DENY', count: 12 }],
};

const localNodes = [{ nodeId: 'laptop-0a1b2c3d4e', user: 'ada', networkId }];

export const sandboxReport = {
  sandboxId: 'sbx-api',
  address: '10.77.0.2',
  isolation: 'advisory',
  isolationEvidence: 'api is also on bridge',
  isolationRemedy: 'docker network disconnect bridge api',
  source: 'verified',
  dns: 'active',
  dnsRemedy: null,
  namespace: 'sbx-api',
  container: { id: 'c1', name: 'api', startedAt: '2026-01-02T03:04:05Z', engineSocket: '/var/run/docker.sock' },
  paused: false,
};

/** One of each message, with an element in every list. */
export const examples: { readonly [name: string]: object } = {
  topology: {
    protocol: 2,
    term: 3,
    epoch,
    networkId,
    from: null,
    to: 7,
    hash,
    part: { index: 0, count: 2 },
    body: '{"aliases":[',
    signature: 'c2lnbmF0dXJl',
  },
  topologyReply: { protocol: 2, status: 'refused', code: 'SIGNATURE_INVALID', message: 'the signature is wrong' },
  applied,
  hello,
  heartbeat: { ...hello, acknowledgements: [applied] },
  contactReply: {
    protocol: 2,
    serves: [1, 2],
    term: 3,
    epoch,
    networks: [{ networkId, version: 7, hash }],
    peersRevision: 2,
    peers,
    localNodes,
  },
  sync: { protocol: 2, networkId, have: null },
  inventory: {
    protocol: 2,
    bootId: 'boot-1',
    sequence: 4,
    part: { index: 0, count: 2 },
    driver: 'netns',
    sandboxes: [sandboxReport],
    refused: [{ name: 'api2', sandboxId: 'sbx-api', code: 'SANDBOX_ID_TAKEN', message: 'taken', remedy: 'stop api' }],
  },
  inventoryReply: {
    protocol: 2,
    accepted: ['sbx-api'],
    conflicts: [{ sandboxId: 'sbx-web', code: 'PLACEMENT_CONFLICT', owner: 'host-a' }],
  },
  control: { protocol: 2, kind: 'peers', revision: 2, peers, localNodes, changes: { since: 1, gone: ['host-c'] } },
  acknowledgement: { protocol: 2, ok: true, code: null, message: null },
  resolve: { protocol: 2, kind: 'resolve', networkId, alias: 'api' },
  checks: {
    protocol: 2,
    kind: 'checks',
    networkId,
    alias: 'api',
    epoch,
    version: 7,
    hash,
    role: 'source',
    from: 'local',
    port: 8080,
  },
  held: { protocol: 2, kind: 'held', networkId, part: 1 },
  heldReply: {
    protocol: 2,
    kind: 'held',
    held: {
      version: { networkId, epoch, version: 7, hash, signature: null },
      part: { index: 1, count: 2 },
      body: '{"aliases":[',
    },
  },
  flows: { protocol: 2, kind: 'flows', networkId },
  flowsReply: {
    protocol: 2,
    kind: 'flows',
    pairs: [
      {
        ...{ from: 'sandbox:sbx-web', alias: 'api', port: 8080, end: 'source', open: 3 },
        ...{ oldestOpenedAt: '2026-01-02T03:04:05.000Z', bytesToTarget: 10, bytesToSource: 20, ruleId: 'rule-0001' },
      },
    ],
    leftOut: 0,
  },
  deniedNames: { protocol: 2, kind: 'denied-names', networkId },
  deniedNamesReply: {
    protocol: 2,
    kind: 'denied-names',
    denied: [
      {
        ...{ sandboxId: 'sbx-web', name: 'packages.example.com', port: 443, reason: 'DEFAULT_DENY', count: 3 },
        lastAt: '2026-01-02T03:04:05.000Z',
      },
    ],
    leftOut: 0,
  },
  resolveReply: { protocol: 2, kind: 'resolve', address: '127.77.0.1', version: 7 },
  checksReply: {
    protocol: 2,
    kind: 'checks',
    checks: [{ code: 'POLICY', status: 'pass', evidence: 'rule-0001 allows local', remedy: null }],
    effect: 'allow',
  },
};
