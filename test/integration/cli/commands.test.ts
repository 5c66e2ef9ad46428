import { expect } from 'chai';
import { kindOfRun } from '#apps/cli/kind-of-run.js';
import { type Answer, AnsweringServer } from '#test/integration/cli/answering-server.js';
import * as answers from '#test/integration/cli/answers.js';
import { Gstacks, words } from '#test/integration/cli/gstacks.js';
import { COMMANDS } from '#test/support/command-grammar.js';
import { CommandLines } from '#test/support/command-lines.js';

const N = '/v1/networks/dev';

/** Each command: its requests to the control plane, and its output as text and as JSON. */
interface Row {
  readonly command: string;
  readonly asks: string;
  readonly answer: unknown;
  readonly body?: unknown;
  readonly query?: Readonly<Record<string, string>>;
  readonly prints: readonly (string | RegExp)[];
}

const { alias, attachment, egressRule, network, page, rule, sandbox, unchanged, write } = answers;
const PLANNED_EGRESS = { kind: 'add-egress-rule', from: 'web', to: 'x.example.com', port: 443 };

const rows: readonly Row[] = [
  {
    command: 'network create dev',
    asks: 'POST /v1/networks',
    answer: { ...write, version: 1, result: network },
    body: { name: 'dev' },
    prints: ['network dev created (version 1)', '.dev.gstacks', 'next: gstacks network attach dev'],
  },
  {
    command: 'network create dev --mode agent_proxy --max-staleness 30m',
    asks: 'POST /v1/networks',
    answer: { ...unchanged, unchangedSince: null, result: network },
    body: { name: 'dev', mode: 'agent_proxy', maxStaleness: 1800 },
    prints: ['network dev exists already', 'already so\n'],
  },
  {
    command: 'network attach dev sbx-api --alias api --port 8080 --port 80:8080',
    asks: `POST ${N}/attachments`,
    answer: { ...write, result: attachment },
    body: { sandboxId: 'sbx-api', alias: 'api', ports: ['80:8080', '8080'] },
    prints: [
      'sbx-api attached to dev (version 5)',
      'publishes api.dev.gstacks on 80:8080, 8080',
      'dns: restart-required (restart the sandbox)',
    ],
  },
  {
    command: 'network attach dev sbx-web',
    asks: `POST ${N}/attachments`,
    answer: { ...write, result: { ...attachment, aliases: [] } },
    body: { sandboxId: 'sbx-web' },
    prints: ['sbx-web attached to dev'],
  },
  {
    command: 'network attach dev sbx-api --alias api --port 8080 --inherit-rules --replace-ports',
    asks: `POST ${N}/attachments`,
    answer: { ...write, result: attachment },
    body: { sandboxId: 'sbx-api', alias: 'api', ports: ['8080'], inheritRules: true, replacePorts: true },
    prints: ['attached'],
  },
  {
    command: 'network alias add dev sbx-worker worker --port 9090',
    asks: `POST ${N}/aliases`,
    answer: { ...write, result: alias },
    body: { sandboxId: 'sbx-worker', alias: 'worker', ports: ['9090'] },
    prints: ['publishes api.dev.gstacks on 80:8080, 8080 (version 5)'],
  },
  {
    command: 'network alias add dev sbx-api api --port 80:8080 --port 8080 --replace-ports',
    asks: `POST ${N}/aliases`,
    answer: { ...unchanged, result: alias },
    body: { sandboxId: 'sbx-api', alias: 'api', ports: ['80:8080', '8080'], replacePorts: true },
    prints: ['sbx-api publishes already api.dev.gstacks on 80:8080, 8080', 'already so since version 3\n'],
  },
  {
    command: 'network attach dev sbx-api',
    asks: `POST ${N}/attachments`,
    answer: { ...unchanged, result: attachment },
    prints: ['sbx-api is attached to dev (version 5)', 'already so since version 3\n'],
  },
  {
    command: 'network alias list dev',
    asks: `GET ${N}/aliases`,
    answer: page(alias),
    prints: ['ALIAS', 'api.dev.gstacks', 'sbx-api', 'host-b', '80:8080, 8080'],
  },
  {
    command: 'network alias remove dev worker',
    asks: `DELETE ${N}/aliases/worker`,
    answer: { ...write, result: { alias: 'worker', rulesLeft: 2 } },
    prints: ['alias worker removed from dev (version 5)', 'rules that still name it: 2'],
  },
  {
    command: 'network policy allow dev --from local --to api --port 8080',
    asks: `POST ${N}/rules`,
    answer: { ...write, result: rule },
    body: { effect: 'allow', from: 'local', to: 'api', port: 8080 },
    prints: ['rule-4f9c21ab added: allow local to api:8080 (version 5)'],
  },
  {
    command: 'network policy deny dev --from label:tier=web --to api --port 8080',
    asks: `POST ${N}/rules`,
    answer: { ...unchanged, result: { ...rule, effect: 'deny' } },
    body: { effect: 'deny', from: 'label:tier=web', to: 'api', port: 8080 },
    prints: ['rule-4f9c21ab is there already: deny local to api:8080', 'already so since version 3\n'],
  },
  {
    command: 'network policy deny dev --from sbx-web --to api --port 8080 --force',
    asks: `POST ${N}/rules`,
    answer: { ...write, result: rule },
    body: { effect: 'deny', from: 'sbx-web', to: 'api', port: 8080, force: true },
    prints: ['rule-4f9c21ab added'],
  },
  {
    command: 'network policy allow dev --from any --to api --port 8080',
    asks: `POST ${N}/rules`,
    answer: { ...write, result: rule, warnings: [{ code: 'OVERRIDDEN', message: 'rule-00000001 denies it' }] },
    prints: ['warning: rule-00000001 denies it (OVERRIDDEN)'],
  },
  {
    command: 'network policy allow dev --from local --from web --to api --port 8080 --port 9090',
    asks: `POST ${N}/rules/batch`,
    answer: {
      ...write,
      result: [
        { rule, added: true },
        { rule: { ...rule, id: 'rule-5f9c21ab', from: 'web', port: 9090 }, added: false },
      ],
    },
    body: { effect: 'allow', from: ['local', 'web'], to: 'api', ports: [8080, 9090] },
    prints: [
      'rule-4f9c21ab added: allow local to api:8080 (version 5)',
      'rule-5f9c21ab is there already: allow web to api:9090 (version 5)',
    ],
  },
  {
    command: 'network policy list dev --effect allow',
    asks: `GET ${N}/rules`,
    answer: page(rule),
    query: { effect: 'allow', limit: '500' },
    prints: [/MADE +BY/, /rule-4f9c21ab +allow +local +api +8080 +3 h ago +ada/],
  },
  {
    command: 'network egress allow dev --from web --to packages.example.com:443',
    asks: `POST ${N}/egress-rules`,
    answer: { ...write, result: egressRule },
    body: { effect: 'allow', from: 'web', to: 'packages.example.com', port: 443 },
    prints: ['rule-5e0d32bc added: allow web to packages.example.com:443 (version 5)'],
  },
  {
    command: 'network egress allow dev --from any --to *.com --port 443 --private --force',
    asks: `POST ${N}/egress-rules`,
    answer: { ...write, result: { ...egressRule, private: true } },
    body: { effect: 'allow', from: 'any', to: '*.com', port: 443, private: true, force: true },
    prints: ['packages.example.com:443, private addresses too (version 5)'],
  },
  {
    command: 'network egress deny dev --from label:tier=web --to packages.example.com:443',
    asks: `POST ${N}/egress-rules`,
    answer: { ...unchanged, result: { ...egressRule, effect: 'deny' } },
    body: { effect: 'deny', from: 'label:tier=web', to: 'packages.example.com', port: 443 },
    prints: ['rule-5e0d32bc is there already: deny web to packages.example.com:443', 'already so since version 3\n'],
  },
  {
    command: 'network egress list dev --effect allow',
    asks: `GET ${N}/egress-rules`,
    answer: page(egressRule),
    query: { effect: 'allow', limit: '500' },
    // The log cannot be read now.
    prints: [/rule-5e0d32bc +allow +web +packages.example.com +443 .* no +unknown +unknown/],
  },
  {
    command: 'network egress remove dev rule-5e0d32bc',
    asks: `DELETE ${N}/egress-rules/rule-5e0d32bc`,
    answer: { ...write, result: egressRule },
    prints: ['rule-5e0d32bc removed: allow web to packages.example.com:443 (version 5)'],
  },
  {
    command: 'network policy remove dev rule-4f9',
    asks: `DELETE ${N}/rules/rule-4f9`,
    answer: { ...write, result: rule },
    prints: ['rule-4f9c21ab removed: allow local to api:8080 (version 5)'],
  },
  {
    command: 'network resolve dev api',
    asks: `GET ${N}/aliases/api/resolution`,
    answer: answers.resolution,
    prints: ['api.dev.gstacks', 'sbx-api@host-b', '127.77.0.5', 'version: 4'],
  },
  {
    command: 'network history dev --since 2026-01-01T00:00:00Z --actor ada --limit 1 --cursor 8',
    asks: `GET ${N}/history`,
    answer: { items: [answers.pastChange], nextCursor: '7' },
    query: { since: '2026-01-01T00:00:00Z', actor: 'user:ada', limit: '1', cursor: '8' },
    prints: ['VERSION', '7', '2026-01-02 03:04:05Z', 'user:ada', 'deny web to api:8080', '--cursor 7'],
  },
  {
    command: 'network diff dev 6 7',
    asks: `GET ${N}/diff`,
    answer: answers.difference,
    query: { from: '6', to: '7' },
    prints: [
      'dev  from  version 6, from 2026-01-02 02:00:00Z to 2026-01-02 03:04:05Z\n',
      '     to    version 7, since 2026-01-02 03:04:05Z\n',
      '+ allow  local:ada -> api:8080\n- deny   sandbox:sbx-web -> api:8080\n- and 3 more\n',
      'user:ada  deny web to api:8080',
    ],
  },
  {
    command: 'network policy plan deny dev --from web --from local --to api --port 8080',
    asks: `POST ${N}/previews`,
    answer: answers.plan,
    body: { kind: 'add-rules', effect: 'deny', from: ['web', 'local'], to: 'api', ports: [8080] },
    prints: [
      '+ allow  local:ada -> api:8080\n- deny   sandbox:sbx-web -> api:8080\n- and 3 more\n',
      'open connections that would be cut: 3\n  3 of sandbox:sbx-web -> api:8080\n',
      '  those of host-a are not known: it is OFFLINE\n',
      'warning: rule-00000002 still denies web (PARTLY_OVERRIDDEN_BY_DENY)\n',
      'rule-4f9c21ab: in effect now, then idle (OVERRIDDEN)\n',
      'to do exactly this: gstacks network policy deny dev --from web --from local --to api --port 8080 --if-match 7\n',
    ],
  },
  {
    command: 'network policy plan attach dev sbx-api --alias api --port 80:8080',
    asks: `POST ${N}/previews`,
    answer: { ...answers.plan, changed: false, unchangedSince: 3, gained: [], lost: [] },
    body: { kind: 'attach', sandboxId: 'sbx-api', alias: 'api', ports: ['80:8080'] },
    prints: ['already so since version 3\n'],
  },
  {
    command: 'network policy plan alias add dev sbx-api api --port 8080 --replace-ports',
    asks: `POST ${N}/previews`,
    answer: answers.plan,
    body: { kind: 'publish-alias', sandboxId: 'sbx-api', alias: 'api', ports: ['8080'], replacePorts: true },
    prints: ['gstacks network alias add dev sbx-api api --port 8080 --replace-ports --if-match 7\n'],
  },
  ...(
    [
      ['remove dev rule-4f9c', 'policy remove', { kind: 'remove-rule', ruleId: 'rule-4f9c' }],
      ['alias remove dev api', 'alias remove', { kind: 'remove-alias', alias: 'api' }],
      ['detach dev sbx-api', 'detach', { kind: 'detach', sandboxId: 'sbx-api' }],
      [
        'egress allow dev --from web --to x.example.com:443 --private',
        'egress allow',
        { ...PLANNED_EGRESS, effect: 'allow', private: true },
      ],
      [
        'egress deny dev --from web --to x.example.com --port 443',
        'egress deny',
        { ...PLANNED_EGRESS, effect: 'deny' },
      ],
      ['egress remove dev rule-4f9c', 'egress remove', { kind: 'remove-egress-rule', ruleId: 'rule-4f9c' }],
    ] as const
  ).map(([words, write, body]) => ({
    command: `network policy plan ${words}`,
    asks: `POST ${N}/previews`,
    answer: answers.plan,
    body,
    prints: [`gstacks network ${write} ${words.slice(words.indexOf('dev'))} --if-match 7\n`],
  })),
  {
    command: 'network policy plan label dev sbx-web tier=edge team-',
    asks: `POST ${N}/previews`,
    answer: answers.plan,
    body: { kind: 'label', sandboxId: 'sbx-web', set: { tier: 'edge' }, remove: ['team'] },
    prints: ['to do exactly this: gstacks sandbox label sbx-web tier=edge team-\n'],
  },
  {
    command: 'network explain dev web api:8080 --at 7',
    asks: `GET ${N}/explanation`,
    answer: answers.explanation,
    query: { from: 'web', alias: 'api', port: '8080', at: '7' },
    prints: [
      'deny: web -> api:8080\n  at version 7, since 2026-01-02 03:04:05Z\n',
      '  because rule-4f9c21ab: deny web to api:8080\n  made in version 7 by user:ada at 2026-01-02 03:04:05Z\n',
      'near miss: rule-00000002 matches all but the port',
      '  undo gstacks network policy remove dev rule-4f9c21ab\n',
      'what the agents had applied by 2026-01-02 04:00:00Z:',
      'host-a  source  7        2026-01-02 03:04:05Z  deny\n',
      'host-b  target  -        -                     deny (nothing applied)\n',
    ],
  },
  ...(
    [
      ['NOT_ATTACHED', 'the source is not attached to this network'],
      ['NO_ALIAS', 'this network has no alias api'],
      ['NO_PORT', 'api does not publish port 8080'],
      ['QUARANTINED', 'the network is quarantined, and no agent serves it'],
    ] as const
  ).map(([reason, words]) => ({
    command: 'network explain dev web api:8080',
    asks: `GET ${N}/explanation`,
    answer: { ...answers.explanation, verdict: { ...answers.explanation.verdict, reason }, rule: null },
    query: { from: 'web', alias: 'api', port: '8080' },
    prints: [`  because deny: ${words} (${reason})\n`, '  try  gstacks network policy remove dev rule-4f9c21ab\n'],
  })),
  {
    command: 'network bisect dev web api:8080',
    asks: `GET ${N}/verdict-turns`,
    answer: answers.turns,
    query: { from: 'web', alias: 'api', port: '8080' },
    prints: [
      'deny (EXPLICIT_DENY) since version 7 by user:ada at 2026-01-02 03:04:05Z: deny web to api:8080\n',
      '7        deny (EXPLICIT_DENY)',
    ],
  },
  {
    command: 'network test dev local api:8080',
    asks: `POST ${N}/tests`,
    answer: answers.tested,
    body: { from: 'local', alias: 'api', port: 8080 },
    prints: [
      'ALLOWED  local -> api:8080                     dev version 4\n',
      'because  rule-4f9c21ab  allow local -> api:8080  (by admin, ',
      '                host-b (api)\n  mesh joined   ok\n  version 4     ok\n  policy        allow\n',
      'skipped  MESH_JOINED: no local node has joined\n',
      'gstacks mesh join dev',
    ],
  },
  {
    command: 'network list',
    asks: 'GET /v1/networks',
    answer: { ...page(network), unknown: [] },
    prints: ['dev.gstacks', 'agent_proxy', 'SYNCED'],
  },
  {
    command: 'network quarantine dev',
    asks: `POST ${N}/quarantine`,
    answer: { ...write, result: { agents: ['host-a', 'host-b'] } },
    body: {},
    prints: ['network dev is quarantined (version 5); agents that are told to stop serving it: host-a, host-b'],
  },
  {
    command: 'network quarantine dev --lift',
    asks: `DELETE ${N}/quarantine`,
    answer: { ...write, result: { agents: [] } },
    prints: ['network dev is no longer quarantined (version 5)'],
  },
  {
    command: 'network status dev --timeout 25',
    asks: `GET ${N}/status`,
    answer: answers.unreadableStatus,
    prints: [
      'STREAM_UNREADABLE',
      'dev cannot be read from version 5 on (position 812 of the log): event NetworkPainted',
      'next: run the release that wrote it',
      'to cut the network off: gstacks network quarantine dev --wait',
    ],
  },
  {
    command: 'network list --status STREAM_UNREADABLE',
    asks: 'GET /v1/networks',
    answer: {
      ...page({ ...network, status: 'STREAM_UNREADABLE', unreadable: answers.unreadableStatus.unreadable }),
      unknown: [],
    },
    prints: ['dev cannot be read from version 5 on (position 812 of the log)'],
  },
  {
    command: 'network status dev',
    asks: `GET ${N}/status`,
    answer: answers.networkStatus,
    prints: [
      'dev  version 4   applied by 0 of 2\n  FAILED   host-b  4  an alias is not up, see below; mesh: tsnet failed MESH_KEY_USED\n',
      /\n {2}OFFLINE {2}host-c {2}3 {2}last heard \d+ d ago; still follows 3: check its agent\n/,
      'host-b: alias api is not up: 127.77.0.5:8080 is taken (PORT_TAKEN)',
      'host-b: connections refused since it started: 12 DEFAULT_DENY, 3 FLOW_LIMIT',
      'host-c: alias web was not up when the agent was heard last: 127.77.0.6:80 is taken (PORT_TAKEN)',
      'host-b: MESH_KEY_USED: authkey already used\n  try: make a reusable key',
      'tsnet joined MESH_CONTROL_UNREACHABLE',
      'laptop-0a1b2c3d4e: MESH_CONTROL_UNREACHABLE: the control server does not answer',
      'OFFLINE  desk-5f6a7b8c9d    -  bob; credentials end now\n',
      'mesh: direct unknown (joined 3 min ago)\n',
      'sandbox sbx-api: host-b (before: host-a), since version 4',
      '  conflict: agent host-a reports sandbox sbx-api',
    ],
  },
  {
    command: 'network detach dev sbx-api',
    asks: `DELETE ${N}/attachments/sbx-api`,
    answer: { ...write, result: { sandboxId: 'sbx-api', aliasesRemoved: ['api'], rulesLeft: 1 } },
    prints: ['sbx-api detached from dev (version 5)', 'aliases removed: api'],
  },
  {
    command: 'network reattach dev sbx-api',
    asks: `POST ${N}/attachments/sbx-api/reattach`,
    answer: { ...unchanged, result: attachment },
    prints: [
      'sbx-api reattached to dev',
      'already so since version 3\n',
      'dns: restart-required (restart the sandbox)',
    ],
  },
  {
    command: 'network delete dev --detach-all --yes',
    asks: `DELETE ${N}`,
    answer: { ...write, result: { detached: ['sbx-api'] } },
    query: { detachAll: 'true' },
    prints: ['network dev deleted', 'detached: sbx-api'],
  },
  {
    command: 'sandbox list --network dev --label tier=api --status RUNNING',
    asks: 'GET /v1/sandboxes',
    answer: page(sandbox),
    query: { network: 'dev', label: 'tier=api', status: 'RUNNING', limit: '500' },
    prints: ['sbx-api', 'host-b', 'static', 'tier=api'],
  },
  {
    command: 'sandbox show sbx-api',
    asks: 'GET /v1/sandboxes/sbx-api',
    answer: sandbox,
    prints: ['namespace: -', 'isolation: advisory', 'source:    unverified', 'dns:       active\n', 'api.dev.gstacks'],
  },
  {
    command: 'sandbox list --label tier=api',
    asks: 'GET /v1/sandboxes',
    answer: page(answers.movedSandbox),
    prints: ['host-b (before: host-a)', 'RUNNING, conflict'],
  },
  {
    command: 'sandbox show sbx-api --timeout 30',
    asks: 'GET /v1/sandboxes/sbx-api',
    answer: answers.movedSandbox,
    prints: [
      'agent:     host-b (before: host-a)\n',
      'has not reported gone (PLACEMENT_CONFLICT)\nnext: end it on host-b\n',
    ],
  },
  {
    command: 'sandbox pin sbx-api',
    asks: 'POST /v1/sandboxes/sbx-api/pin',
    answer: { version: 7, changed: true, unchangedSince: null, result: { ...sandbox, pinnedTo: 'host-b' } },
    body: {},
    prints: ['sbx-api is pinned to host-b\n'],
  },
  {
    command: 'sandbox pin sbx-api --to host-c',
    asks: 'POST /v1/sandboxes/sbx-api/pin',
    answer: { version: 7, changed: false, unchangedSince: 6, result: { ...sandbox, pinnedTo: 'host-c' } },
    body: { agentId: 'host-c' },
    prints: ['pinned to host-c already, since version 6 of the sandbox', 'host-b keeps it until it is gone there'],
  },
  {
    command: 'sandbox unpin sbx-api',
    asks: 'DELETE /v1/sandboxes/sbx-api/pin',
    answer: { version: 8, changed: true, unchangedSince: null, result: sandbox },
    prints: ['sbx-api is no longer pinned\n'],
  },
  {
    command: 'sandbox show sbx-api --timeout 20',
    asks: 'GET /v1/sandboxes/sbx-api',
    answer: answers.silentSandbox,
    prints: [
      'status:    UNKNOWN',
      'isolation: unknown (enforced 3 min ago)',
      'source:    unknown (verified 3 min ago)',
      'dns:       unknown (active 3 min ago)\n',
    ],
  },
  {
    command: 'network reattach dev sbx-api --timeout 20',
    asks: `POST ${N}/attachments/sbx-api/reattach`,
    answer: { ...unchanged, result: answers.silentAttachment },
    prints: ['dns: unknown (active 3 min ago)\n'],
  },
  {
    command: 'sandbox label sbx-api tier=web team-',
    asks: 'PATCH /v1/sandboxes/sbx-api/labels',
    answer: { version: 3, changed: true, unchangedSince: null, result: sandbox },
    body: { set: { tier: 'web' }, remove: ['team'] },
    prints: ['sbx-api: labels are now: tier=api'],
  },
  {
    command: 'sandbox label sbx-api tier=api',
    asks: 'PATCH /v1/sandboxes/sbx-api/labels',
    answer: { version: 7, changed: false, unchangedSince: 3, result: sandbox },
    body: { set: { tier: 'api' }, remove: [] },
    prints: ['sbx-api: has these labels already, since version 3 of the sandbox: tier=api'],
  },
  {
    command: 'agent list',
    asks: 'GET /v1/agents',
    answer: page(answers.agent),
    prints: ['host-b', 'ONLINE', 'direct joined', 'dev SYNCED'],
  },
  {
    command: 'agent list --status OFFLINE',
    asks: 'GET /v1/agents',
    answer: page({ ...answers.agent, status: 'OFFLINE' }),
    prints: ['host-b, when it was heard last, took no sandbox of container api2'],
  },
  {
    command: 'agent revoke host-c --yes',
    asks: 'DELETE /v1/agents/host-c',
    answer: {
      agentId: 'host-c',
      changed: true,
      sandboxesReleased: ['sbx-x'],
      connectionCut: false,
      connectionNotCutReason: 'nats-server cannot be reached',
      meshNode: 'pending',
    },
    prints: [
      'agent host-c revoked',
      'sandboxes released: sbx-x',
      'may still be open: nats-server cannot be reached',
      'its node is deleted there as soon as it answers',
    ],
  },
  {
    command: 'mesh revoke laptop-0a1b2c3d4e',
    asks: 'DELETE /v1/local-nodes/laptop-0a1b2c3d4e',
    answer: {
      ...{ nodeId: 'laptop-0a1b2c3d4e', changed: true },
      ...{ connectionCut: true, connectionNotCutReason: null, meshNode: 'removed' },
    },
    prints: ['local node laptop-0a1b2c3d4e is revoked', "its node is deleted at the mesh's control server"],
  },
];

/** The first row of each command. */
const firsts = new Set(
  [...Map.groupBy(rows, ({ command }) => kindOfRun(words(command), COMMANDS)).values()].map(([first]) => first),
);

/** Each command runs once as people run it, in a process of its own; more lines share a process. */
describe('cli: every command, against an HTTP server', function () {
  this.timeout(60_000);
  let server: AnsweringServer;
  let gstacks: Gstacks;
  let lines: CommandLines;
  let env: Record<string, string>;
  const json = (value: unknown): Answer => ({ json: value });

  before(async () => {
    server = await AnsweringServer.start();
    gstacks = await Gstacks.create();
    env = { GLOBALSTACKS_URL: server.url, GLOBALSTACKS_TOKEN: 'secret-token' };
    lines = new CommandLines({ ...gstacks.environment, ...env }, gstacks.folder);
  });
  beforeEach(() => server.forget());
  after(async () => {
    lines.end();
    await server.close();
    await gstacks.remove();
  });

  for (const row of rows) {
    const { command, asks, answer, body, query, prints } = row;
    it(`gstacks ${command}`, async () => {
      server.on(asks, json(answer));
      const forPeople = await (firsts.has(row) ? gstacks.run(words(command), { env }) : lines.run(words(command)));
      const forPrograms = await lines.run([...words(command), '--json']);
      expect(forPeople.stderr).to.equal('');
      expect(forPeople.exitCode).to.equal(0);
      for (const text of prints) {
        if (typeof text === 'string') expect(forPeople.stdout).to.contain(text);
        else expect(forPeople.stdout).to.match(text);
      }
      expect(forPeople.stdout).to.not.contain('\u001b').and.not.contain('secret-token');
      expect(forPrograms.exitCode).to.equal(0);
      expect(forPrograms.stderr).to.equal('');
      expect(JSON.parse(forPrograms.stdout)).to.deep.equal(answer);
      expect(server.requests).to.have.length(2);
      for (const request of server.requests) {
        expect(`${request.method} ${request.path}`).to.equal(asks);
        expect(request.headers.authorization).to.equal('Bearer secret-token');
        if (body !== undefined) expect(request.body).to.deep.equal(body);
        if (query !== undefined) expect(request.query).to.deep.equal(query);
      }
    });
  }

  it('gstacks network show dev, which asks for its parts too', async () => {
    server
      .on(`GET ${N}`, json(network))
      .on(`GET ${N}/attachments`, json(page(attachment, answers.silentAttachment)))
      .on(`GET ${N}/aliases`, json(page(alias)))
      .on(`GET ${N}/rules`, json(page(rule)))
      .on(`GET ${N}/egress-rules`, json(page()));
    const { stdout, exitCode } = await gstacks.run(words('network show dev'), { env });
    expect(exitCode).to.equal(0);
    for (const text of [
      'dev.gstacks',
      'agent_proxy',
      'version:       4',
      'restart-required\n',
      'unknown (active 3 min ago)\n',
      'sbx-api',
      'gstacks network egress allow dev',
    ]) {
      expect(stdout).to.contain(text);
    }
    expect(stdout).to.match(/rule-4f9c21ab .* 3 h ago +ada/);
    const shown = await lines.run(words('network show dev --json'));
    expect(JSON.parse(shown.stdout)).to.deep.equal({
      ...network,
      attachments: [attachment, answers.silentAttachment],
      aliases: [alias],
      rules: [rule],
      egress: [],
    });
  });

  it('reads every page of a list, or the one that is asked for', async () => {
    server.on('GET /v1/networks', ({ query }) =>
      json(
        query.cursor === 'two'
          ? { ...page({ ...network, name: 'b' }), unknown: [] }
          : { items: [{ ...network, name: 'a' }], nextCursor: 'two', unknown: [] },
      ),
    );
    const all = await lines.run(words('network list --json'));
    expect(JSON.parse(all.stdout).items.map(({ name }: { name: string }) => name)).to.deep.equal(['a', 'b']);
    expect(JSON.parse(all.stdout).nextCursor).to.equal(null);
    const one = await lines.run(words('network list --limit 1 --json'));
    expect(JSON.parse(one.stdout).items).to.have.length(1);
    expect(JSON.parse(one.stdout).nextCursor).to.equal('two');
    expect(server.requests.at(-1)?.query).to.deep.equal({ limit: '1' });
  });

  it('names each write, and sends the version it expects', async () => {
    server.on(`DELETE ${N}/aliases/api`, json({ ...write, result: { alias: 'api', rulesLeft: 0 } }));
    await lines.run(words('network alias remove dev api'));
    await lines.run(words('network alias remove dev api --idempotency-key again-1 --if-match 4'));
    const [first, second] = server.requests;
    expect(first?.headers['idempotency-key']).to.match(/^[0-9a-f-]{36}$/);
    expect(first?.headers['if-match']).to.equal(undefined);
    expect(second?.headers).to.include({ 'idempotency-key': 'again-1', 'if-match': '4' });
  });

  it('shows hostile data harmless, and passes it on unchanged as JSON', async () => {
    const hostile = { ...sandbox, labels: { x: '\u001b]0;owned\u0007\u001b[2J\u202eevil\nline' } };
    server.on('GET /v1/sandboxes', json(page(hostile)));
    const people = await lines.run(words('sandbox list'));
    expect(people.stdout).to.contain('x=evil line');
    expect(people.stdout.split('\n')).to.have.length(3);
    expect(people.stdout.replaceAll('\n', '')).to.not.match(/[\p{Cc}\p{Bidi_Control}]/u);
    const programs = await lines.run(words('sandbox list --json'));
    expect(programs.stdout.replaceAll('\n', '')).to.not.match(/[\p{Cc}\p{Bidi_Control}]/u);
    expect(JSON.parse(programs.stdout).items[0]).to.deep.equal(hostile);
  });
});
