import { expect } from 'chai';
import { BUS_PROTOCOL } from '#libs/contracts/bus/protocol.js';
import { type OpenFlows, parseDiagnoseRequest } from '#libs/contracts/bus/to-member/diagnose.js';
import { parseAliasName } from '#libs/contracts/ids.js';
import { callApi } from './api.js';
import { TestControlPlane } from './setup.js';
import type { SimulatedAgent } from './simulated-agent.js';

type Pair = { readonly from: string; readonly port: number; readonly open: number; readonly isCut?: boolean };

describe('what policy does, and what a write would cut', () => {
  let controlPlane: TestControlPlane;
  let agents: { readonly a: SimulatedAgent; readonly b: SimulatedAgent };
  let ruleId: string;
  let asked = 0;

  const call = (method: string, path: string, body?: object) =>
    controlPlane.call(method, `/v1/networks/dev${path}`, body);
  const preview = async (body: object) => (await call('POST', '/previews', body)).body;
  const cutsOf = (answer: Readonly<Record<string, unknown>>) =>
    answer.cuts as { cut: number; kept: number; pairs: readonly Pair[]; notKnown: readonly object[] };

  function carries(agent: SimulatedAgent, pairs: readonly object[]): void {
    agent.serveDiagnose(async (value) => {
      const question = parseDiagnoseRequest(value);
      if (question.kind !== 'flows') throw new Error('only flows are asked for here');
      asked += 1;
      return { protocol: BUS_PROTOCOL, kind: 'flows', pairs, leftOut: 0 };
    });
  }

  function open(from: string, end: 'source' | 'target', count: number, change: Partial<OpenFlows> = {}): object {
    return {
      ...{ from, alias: 'api', port: 8080, end, open: count, ruleId: null },
      ...{ oldestOpenedAt: '2026-01-02T03:04:05.000Z', bytesToTarget: 10, bytesToSource: 20, ...change },
    };
  }

  before(async () => {
    controlPlane = await TestControlPlane.start();
    const [a, b] = [
      await controlPlane.agent('host-a', ['sbx-web', 'sbx-cron']),
      await controlPlane.agent('host-b', ['sbx-api']),
    ];
    agents = { a, b };
    await controlPlane.call('POST', '/v1/networks', { name: 'dev' });
    for (const [sandboxId, alias, ports] of [
      ['sbx-web', 'web', ['80']],
      ['sbx-cron', undefined, undefined],
      ['sbx-api', 'api', ['8080', '9090']],
    ] as const) {
      await call('POST', '/attachments', { sandboxId, ...(alias === undefined ? {} : { alias, ports }) });
    }
    await controlPlane.call('PATCH', '/v1/sandboxes/sbx-web/labels', { set: { tier: 'web' } });
    for (const [from, port] of [
      ['web', 8080],
      ['sandbox:sbx-cron', 8080],
      ['local', 8080],
      ['web', 9090],
    ] as const) {
      const { body } = await call('POST', '/rules', { effect: 'allow', from, to: 'api', port });
      ruleId ??= String((body.result as { id: string }).id);
    }
    const web = open('sandbox:sbx-web', 'source', 3, { ruleId: ruleId as OpenFlows['ruleId'] });
    carries(a, [web, open('sandbox:sbx-web', 'source', 7, { port: 9090 }), open('sandbox:sbx-cron', 'source', 2)]);
    carries(b, [open('sandbox:sbx-web', 'target', 3), open('local:ada', 'target', 1)]);
  });

  after(() => controlPlane.end());

  it('refuses the id of a sandbox where an alias would stand, in a preview and in each kind of rule', async () => {
    const rule = { effect: 'deny', from: 'sbx-cron', to: 'api', port: 8080 };
    const outside = { ...rule, to: 'packages.example.com' };
    const refused = await Promise.all([
      call('POST', '/rules', rule),
      call('POST', '/egress-rules', outside),
      call('POST', '/previews', { kind: 'add-rule', ...rule }),
      call('POST', '/previews', { kind: 'add-egress-rule', ...outside }),
    ]);
    expect(refused.map(({ body }) => body.code)).to.deep.equal(Array(4).fill('SOURCE_IS_SANDBOX'));
    // Written with --force, or without it if no sandbox has that id.
    for (const from of ['sbx-cron', 'sbx-none']) {
      const forced = { ...rule, from, port: 9090, ...(from === 'sbx-cron' && { force: true }) };
      const { status, body } = await call('POST', '/rules', forced);
      expect([status, body.warnings]).to.deep.equal([
        201,
        [
          {
            code: 'SOURCE_STANDS_FOR_NOBODY',
            message: `dev has no alias ${from} now; for a sandbox with that id, write sandbox:${from}`,
          },
        ],
      ]);
      await call('DELETE', `/rules/${(body.result as { readonly id: string }).id}`);
    }
  });

  it('counts each open connection once, by the word of the agents, and asks them once for many pages', async () => {
    const before = asked;
    const answers = await Promise.all(Array.from({ length: 20 }, () => call('GET', '/flows')));
    const body = answers.map((answer) => answer.body)[0] ?? expect.fail('no answer');
    expect((body.pairs as Pair[]).map(({ from, port, open: count }) => `${from} ${port} ${count}`)).to.deep.equal([
      'sandbox:sbx-web 9090 7',
      'sandbox:sbx-web 8080 3',
      'sandbox:sbx-cron 8080 2',
      'local:ada 8080 1',
    ]);
    expect(body).to.deep.include({ total: 13, leftOut: 0, notKnown: [] });
    expect((body.pairs as object[])[1]).to.include({ sourceAgentId: 'host-a', targetAgentId: 'host-b', ruleId });
    expect(asked - before).to.be.lessThan(5);
  });

  it('says what a deny cuts, what stays beside it, and which rules go idle, and writes nothing', async () => {
    const version = (await call('GET', '')).body.version;
    const answer = await preview({ kind: 'add-rule', effect: 'deny', from: 'label:tier=web', to: 'api', port: 8080 });
    expect(answer).to.deep.include({
      ...{ network: 'dev', version, changed: true, gained: [], gainedLeftOut: 0 },
      lost: [{ from: 'sandbox:sbx-web', alias: 'api', port: 8080 }],
      rules: [{ ruleId, before: null, after: 'OVERRIDDEN' }],
    });
    const cuts = cutsOf(answer);
    expect([cuts.cut, cuts.kept, cuts.notKnown.length]).to.deep.equal([3, 3, 0]);
    expect(cuts.pairs.map(({ from, isCut }) => [from, isCut])).to.deep.equal([
      ['sandbox:sbx-web', true],
      ['sandbox:sbx-cron', false],
      ['local:ada', false],
    ]);
    expect((await call('GET', '')).body.version).to.equal(version);
    expect((answer.warnings as object[]).length).to.equal(0);
  });

  const writes: readonly (readonly [string, () => object, readonly [cut: number, lost: number]])[] = [
    ['the removal of a rule', () => ({ kind: 'remove-rule', ruleId }), [3, 1]],
    ['the removal of an alias', () => ({ kind: 'remove-alias', alias: 'api' }), [13, 4]],
    ['a source that is detached', () => ({ kind: 'detach', sandboxId: 'sbx-web' }), [10, 2]],
    ['a target that is detached', () => ({ kind: 'detach', sandboxId: 'sbx-api' }), [13, 4]],
    ['a deletion', () => ({ kind: 'delete', detachAll: true }), [13, 4]],
    ['an allow', () => ({ kind: 'add-rule', effect: 'allow', from: 'any', to: 'api', port: 9090 }), [0, 0]],
  ];
  for (const [what, body, expected] of writes) {
    it(`says what is cut and lost by ${what}`, async () => {
      const answer = await preview(body());
      expect([cutsOf(answer).cut, (answer.lost as object[]).length]).to.deep.equal(expected);
    });
  }

  it('says which sandboxes gain or lose a name outside, and writes nothing', async () => {
    const about = { from: 'label:tier=web', to: '*.example.com', port: 443 };
    const added = await preview({ kind: 'add-egress-rule', effect: 'allow', ...about });
    const reached = { from: 'sandbox:sbx-web', alias: '*.example.com', port: 443 };
    expect(added).to.deep.include({ changed: true, gained: [reached], lost: [], rules: [] });
    expect((await call('GET', '/egress-rules')).body.items).to.deep.equal([]);
    const { body } = await call('POST', '/egress-rules', { effect: 'allow', ...about });
    const egressRuleId = (body.result as { readonly id: string }).id;
    const relabelled = await preview({ kind: 'label', sandboxId: 'sbx-web', set: { tier: 'db' } });
    expect(relabelled).to.deep.include({ changed: true, gained: [], lost: [reached] });
    const denied = await preview({ kind: 'add-egress-rule', effect: 'deny', ...about, from: 'any' });
    expect(denied).to.deep.include({ changed: true, gained: [], lost: [reached] });
    const removed = await preview({ kind: 'remove-egress-rule', ruleId: egressRuleId });
    expect(removed).to.deep.include({ changed: true, gained: [], lost: [reached] });
    await call('DELETE', `/egress-rules/${egressRuleId}`);
  });

  it('is refused as the write would be', async () => {
    const egress = { kind: 'add-egress-rule', effect: 'allow', from: 'web', port: 443 };
    const refusals = [
      [{ ...egress, to: '*.com' }, 'PUBLIC_SUFFIX'],
      [{ ...egress, to: '10.0.0.1' }, 'ADDRESS_NOT_A_NAME'],
      [{ ...egress, to: 'x.example.com', from: 'local' }, 'EGRESS_FROM_LOCAL'],
      [{ kind: 'remove-egress-rule', ruleId: 'rule-none' }, 'RULE_NOT_FOUND'],
      [{ kind: 'delete' }, 'NETWORK_NOT_EMPTY'],
      [{ kind: 'remove-alias', alias: 'none' }, 'ALIAS_NOT_FOUND'],
      [{ kind: 'remove-rule', ruleId: 'rule-none' }, 'RULE_NOT_FOUND'],
      [{ kind: 'detach', sandboxId: 'none' }, 'NOT_ATTACHED'],
      [{ kind: 'label', sandboxId: 'none', set: { tier: 'db' } }, 'SANDBOX_NOT_FOUND'],
      [{ kind: 'add-rule', effect: 'deny', from: 'web', to: 'api' }, 'FIELD_MISSING'],
      [{ kind: 'add-rule', effect: 'deny', from: ['web', 'api'], to: 'api', port: 1 }, 'INVALID_INPUT'],
      [{ kind: 'attach', sandboxId: 'sbx-new' }, 'SANDBOX_NOT_FOUND'],
      [{ kind: 'attach', sandboxId: 'sbx-web', alias: 'web' }, 'FIELD_MISSING'],
      [{ kind: 'publish-alias', sandboxId: 'sbx-web', alias: 'api', ports: [1] }, 'ALIAS_TAKEN'],
    ] as const;
    for (const [body, code] of refusals) expect((await preview(body)).code, code).to.equal(code);
    expect((await preview({ kind: 'add-rule', effect: 'deny', from: 'web', to: 'api' })).field).to.equal('port');
    const same = await preview({ kind: 'add-rule', effect: 'allow', from: 'web', to: 'api', port: 8080 });
    expect(same).to.include({ changed: false });
    const rule = { effect: 'allow', from: 'web', to: 'api', port: 8080 };
    const ending = await preview({ kind: 'add-rule', ...rule, forSeconds: 60 });
    expect(ending, 'a rule with an end is another rule').to.include({ changed: true });
    const many = await preview({ kind: 'add-rules', ...rule, from: ['web'], ports: [8080], forSeconds: 60 });
    expect(many).to.include({ changed: true });
    const late = await preview({ kind: 'add-rule', ...rule, until: '2020-01-31T18:00:00Z' });
    expect(late.code).to.equal('RULE_END_INVALID');
  });

  it('is for whoever looks on, too', async () => {
    const { body } = await controlPlane.call('POST', '/v1/tokens', { user: 'eve', role: 'viewer' });
    const headers = { authorization: `Bearer ${String(body.token)}` };
    const deletion = { kind: 'delete', detachAll: true };
    expect((await callApi(controlPlane.url, 'POST', '/v1/networks/dev/previews', deletion, headers)).status).to.equal(
      200,
    );
  });

  it('shows who may reach what and what each rule does, all of one version', async () => {
    const { body } = await call('GET', '/reachability');
    expect(body.version).to.equal((await call('GET', '')).body.version);
    const edges = body.edges as { from: string; port: number; effect: string; ruleId: string; since: number }[];
    expect(edges.map(({ from, port, effect }) => `${effect} ${from} ${port}`)).to.deep.equal([
      'allow local 8080',
      'allow sandbox:sbx-cron 8080',
      'allow sandbox:sbx-web 8080',
      'allow sandbox:sbx-web 9090',
    ]);
    const rules = (await call('GET', '/rules')).body.items as { id: string; since: number }[];
    expect(edges[2]).to.include({ ruleId, since: rules.find(({ id }) => id === ruleId)?.since });
    expect((body.rules as { decides: number }[]).every(({ decides }) => decides === 1)).to.equal(true);
    const { body: verdict } = await call('GET', '/verdict?from=web&alias=api&port=8080');
    expect(verdict).to.include({ effect: 'allow', reason: 'ALLOWED', ruleId });
    expect((await call('GET', '/verdict?from=web&alias=api&port=no')).body.field).to.equal('port');
  });

  it('says of each alias at how many agents it is up, and why not', async () => {
    const { a } = agents;
    const failure = { code: 'PORT_TAKEN', message: '127.77.0.6:80 is in use' };
    const aliasFailures = [{ alias: parseAliasName('web', 'alias'), ...failure }];
    a.onTopology = (_, message) => a.acknowledge(message, { aliasFailures });
    const attached = await call('POST', '/aliases', { sandboxId: 'sbx-web', alias: 'shop', ports: ['81'] });
    await call('GET', `/applied/${String(attached.body.version)}?waitSeconds=5`);
    const items = (await call('GET', '/aliases')).body.items as { alias: string; listeners: object }[];
    expect(items.map(({ alias, listeners }) => [alias, listeners])).to.deep.equal([
      ['api', { up: 2, expected: 2, troubles: [] }],
      ['shop', { up: 2, expected: 2, troubles: [] }],
      ['web', { up: 1, expected: 2, troubles: [{ agentId: 'host-a', state: 'failed', ...failure }] }],
    ]);
  });

  it('names agents whose connections are not known, in place of counting none', async () => {
    const { body } = await controlPlane.call('GET', '/v1/agents/host-a');
    expect(body).to.include({ id: 'host-a', status: 'ONLINE' });
    expect((await controlPlane.call('GET', '/v1/agents/none')).body.code).to.equal('AGENT_NOT_FOUND');
    controlPlane.clockAheadMs = 20_000;
    await agents.b.contact('heartbeat');
    const cuts = cutsOf(await preview({ kind: 'delete', detachAll: true }));
    controlPlane.clockAheadMs = 0;
    expect(cuts.notKnown).to.deep.equal([{ agentId: 'host-a', reason: 'it is OFFLINE' }]);
    expect(cuts.cut, 'what the target counts stands in for the silent source').to.equal(4);
  });

  it('of each kind tells what the log tells of the write afterwards', async () => {
    const rule = { effect: 'allow', to: 'api' };
    const outside = { effect: 'allow', from: 'web', to: '*.example.com', port: 443 };
    const rows: readonly (readonly [{ readonly kind: string; readonly [member: string]: unknown }, string, string])[] =
      [
        [{ kind: 'add-rules', ...rule, from: ['any', 'local:ada'], ports: [9090] }, 'POST', '/rules/batch'],
        [{ kind: 'add-egress-rule', ...outside }, 'POST', '/egress-rules'],
        [{ kind: 'attach', sandboxId: 'sbx-api', alias: 'db', ports: [5432] }, 'POST', '/attachments'],
        [{ kind: 'add-rule', ...rule, from: 'any', to: 'db', port: 5432 }, 'POST', '/rules'],
        [
          { kind: 'publish-alias', sandboxId: 'sbx-api', alias: 'db', ports: [80], replacePorts: true },
          'POST',
          '/aliases',
        ],
        // The publisher of web may reach names outside: removing the alias removes this too.
        [{ kind: 'remove-alias', alias: 'web' }, 'DELETE', '/aliases/web'],
        [{ kind: 'publish-alias', sandboxId: 'sbx-web', alias: 'web', ports: [80] }, 'POST', '/aliases'],
        [{ kind: 'detach', sandboxId: 'sbx-web' }, 'DELETE', '/attachments/sbx-web'],
        [{ kind: 'attach', sandboxId: 'sbx-web', alias: 'web', ports: [80] }, 'POST', '/attachments'],
        [{ kind: 'add-rule', ...rule, effect: 'deny', from: 'any', port: 8080 }, 'POST', '/rules'],
      ];
    let gainedOrLost = 0;
    const added: string[] = [];
    for (const [{ kind, ...write }, method, path] of rows) {
      const planned = await preview({ kind, ...write });
      expect(planned.code, kind).to.equal(undefined);
      const done = await call(method, path, method === 'DELETE' ? undefined : write);
      expect(done.status, done.text).to.be.lessThan(300);
      if (path === '/rules') added.push(String((done.body.result as { id: string }).id));
      const told = (await call('GET', `/diff?from=${planned.version}&to=${done.body.version}`)).body;
      expect([told.gained, told.lost], `${kind} ${path}`).to.deep.equal([planned.gained, planned.lost]);
      gainedOrLost += (told.gained as []).length + (told.lost as []).length;
    }
    expect(gainedOrLost).to.be.greaterThan(15);
    for (const id of added) {
      const planned = await preview({ kind: 'remove-rule', ruleId: id });
      const done = await call('DELETE', `/rules/${id}`);
      const told = (await call('GET', `/diff?from=${planned.version}&to=${done.body.version}`)).body;
      expect([told.gained, told.lost]).to.deep.equal([planned.gained, planned.lost]);
    }
  });
});
