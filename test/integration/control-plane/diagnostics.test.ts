import { expect } from 'chai';
import { CHECK_CODES, CHECKS_OF, CHECKS_OF_OUTSIDE } from '#libs/contracts/bus/checks.js';
import { BUS_PROTOCOL } from '#libs/contracts/bus/protocol.js';
import type { DiagnoseRequest } from '#libs/contracts/bus/to-member/diagnose.js';
import { parseDiagnoseRequest } from '#libs/contracts/bus/to-member/diagnose.js';
import { TestControlPlane } from './setup.js';
import type { SimulatedAgent } from './simulated-agent.js';

interface Check {
  readonly agentId: string | null;
  readonly role: string | null;
  readonly code: string;
  readonly status: string;
  readonly effect?: string | null;
  readonly evidence: string;
  readonly remedy: string | null;
}

describe('diagnostics', () => {
  let controlPlane: TestControlPlane;
  let hostA: SimulatedAgent;
  let hostB: SimulatedAgent;
  const asked: { readonly agent: string; readonly role: string; readonly version: number }[] = [];
  const outside: { readonly from: string; readonly name: string; readonly port: number }[] = [];
  /** The verdicts of the agents' policies, as they report them. */
  let decides: 'allow' | 'deny' | 'mixed' | null = null;

  before(async () => {
    controlPlane = await TestControlPlane.start();
    hostA = await controlPlane.agent('host-a', ['sbx-web']);
    hostB = await controlPlane.agent('host-b', ['sbx-api']);
    await controlPlane.agent('host-c', ['sbx-quiet']);
    for (const agent of [hostA, hostB]) answerWell(agent);
    await controlPlane.call('POST', '/v1/networks', { name: 'dev' });
    await controlPlane.call('POST', '/v1/networks/dev/attachments', {
      sandboxId: 'sbx-web',
      alias: 'web',
      ports: ['80'],
    });
    await controlPlane.call('POST', '/v1/networks/dev/attachments', {
      sandboxId: 'sbx-api',
      alias: 'api',
      ports: ['8080'],
    });
    const rule = { effect: 'allow', from: 'local', to: 'api', port: 8080 };
    await controlPlane.call('POST', '/v1/networks/dev/rules', rule);
    await controlPlane.call('POST', '/v1/networks/dev/rules', { ...rule, from: 'web' });
  });

  after(() => controlPlane.end());

  function answerWell(agent: SimulatedAgent): void {
    agent.serveDiagnose(async (value) => {
      const question = parseDiagnoseRequest(value);
      if (question.kind === 'held' || question.kind === 'flows' || question.kind === 'denied-names') {
        throw new Error('nobody asks for that here');
      }
      if (question.kind === 'outside-checks') {
        outside.push(question);
        const checks = CHECKS_OF_OUTSIDE[question.role].map((code) => ({
          code,
          status: 'pass',
          evidence: 'seen',
          remedy: null,
        }));
        return { protocol: BUS_PROTOCOL, kind: 'checks', checks, effect: decides };
      }
      if (question.kind === 'resolve') {
        return { protocol: BUS_PROTOCOL, kind: 'resolve', address: '127.77.0.1', version: 5 };
      }
      asked.push({ agent: agent.agentId, role: question.role, version: question.version });
      const checks = CHECK_CODES.map((code) => ({ code, status: 'pass', evidence: 'seen', remedy: null }));
      return { protocol: BUS_PROTOCOL, kind: 'checks', checks, effect: decides };
    });
  }

  const test = async (from: string, alias = 'api', port = 8080) => {
    const { status, body } = await controlPlane.call('POST', '/v1/networks/dev/tests', { from, alias, port });
    expect(status).to.equal(200);
    return {
      verdict: body.verdict as Readonly<Record<string, unknown>>,
      checks: body.checks as readonly Check[],
      disagreements: body.disagreements as readonly Check[],
      firstFailure: body.firstFailure as Check | null,
      rule: body.rule as Readonly<Record<string, unknown>> | null,
    };
  };

  it('names the rule behind the verdict, who wrote it and when', async () => {
    decides = 'allow';
    const { verdict, rule, checks } = await test('web');
    decides = null;
    const { body } = await controlPlane.call('GET', '/v1/networks/dev/changes?after=0');
    const changes = body.items as readonly { readonly type: string; readonly actor: string; readonly at: string }[];
    const added = changes.filter(({ type }) => type === 'PolicyRuleAdded');
    expect(rule).to.include({ id: verdict.ruleId, effect: 'allow', from: 'web', to: 'api', port: 8080 });
    expect(added.map(({ actor, at }) => ({ by: actor, at }))).to.deep.include({ by: rule?.by, at: rule?.at });
    expect(checks.filter(({ code }) => code === 'POLICY').map(({ effect }) => effect)).to.deep.equal([
      'allow',
      'allow',
      'allow',
    ]);
    expect((await test('web', 'api', 81)).rule).to.equal(null);
  });

  it('asks source and target, and finds nothing wrong', async () => {
    asked.length = 0;
    const { verdict, checks, firstFailure } = await test('web');
    expect(verdict).to.deep.include({ effect: 'allow', reason: 'ALLOWED', version: 7 });
    expect(verdict.epoch).to.include({ counter: 1 });
    const inside = CHECK_CODES.filter((code) => code !== 'NAME_RESOLVES');
    expect(new Set(checks.map(({ code }) => code))).to.deep.equal(new Set(inside));
    expect(firstFailure).to.equal(null);
    expect(asked).to.have.deep.members([
      { agent: 'host-a', role: 'source', version: 7 },
      { agent: 'host-b', role: 'target', version: 7 },
    ]);
  });

  it('asks the agents of the sources about a name outside, and tells near misses', async () => {
    const rule = { effect: 'allow', from: 'web', to: 'packages.example.com', port: 443 };
    const { status, body } = await controlPlane.call('POST', '/v1/networks/dev/egress-rules', rule);
    expect(status).to.equal(201);
    const ruleId = (body.result as { readonly id: string }).id;
    const allowed = await test('web', 'packages.example.com', 443);
    expect(allowed.verdict).to.deep.include({ effect: 'allow', reason: 'ALLOWED', ruleId });
    expect(outside.map(({ from, name, port }) => `${from} ${name}:${port}`)).to.deep.equal([
      'web packages.example.com:443',
    ]);
    const seen = allowed.checks.filter(({ agentId }) => agentId === 'host-a').map(({ code }) => code);
    expect(seen).to.have.members([...CHECKS_OF_OUTSIDE.source]);
    expect(allowed.firstFailure).to.equal(null);
    for (const [name, port, missed] of [
      ['packages.example.com', 8443, 'port'],
      ['example.com', 443, 'alias'],
    ] as const) {
      const denied = await test('web', name, port);
      expect(denied.verdict).to.deep.include({ effect: 'deny', reason: 'DEFAULT_DENY' });
      expect(denied.verdict.nearMisses).to.deep.equal([{ ruleId, missed }]);
      const policy = denied.checks.find(({ code, agentId }) => code === 'POLICY' && agentId === null);
      expect(policy?.remedy).to.equal(`gstacks network egress allow dev --from web --to ${name}:${port}`);
    }
    expect((await test('local', 'packages.example.com', 443)).verdict).to.deep.include({ reason: 'NOT_ATTACHED' });
    const { status: removed } = await controlPlane.call('DELETE', `/v1/networks/dev/egress-rules/${ruleId}`);
    expect(removed).to.equal(200);
  });

  it('asks the exit that a rule names too, as the end that dials, and takes no agent as the exit that is none', async () => {
    const write = (rule: object) => controlPlane.call('POST', '/v1/networks/dev/egress-rules', rule);
    const rule = { effect: 'allow', from: 'web', to: 'exit.example.com', port: 443 };
    const unknown = await write({ ...rule, via: 'host-z' });
    expect([unknown.status, unknown.body.code, unknown.body.remedy]).to.deep.equal([
      ...[404, 'AGENT_NOT_FOUND', 'see gstacks agent list'],
    ]);
    expect((await write({ ...rule, effect: 'deny', via: 'host-b' })).body.code).to.equal('EXIT_OF_DENY');
    const { status, body } = await write({ ...rule, via: 'host-b' });
    expect(status).to.equal(201);
    expect(body.result).to.deep.include({ via: 'host-b', to: 'exit.example.com' });
    const { checks, firstFailure } = await test('web', 'exit.example.com', 443);
    for (const [agentId, role] of [
      ['host-a', 'source'],
      ['host-b', 'target'],
    ] as const) {
      const codes = checks.filter((check) => check.agentId === agentId && check.role === role).map(({ code }) => code);
      expect(codes).to.have.members([...CHECKS_OF_OUTSIDE[role]]);
    }
    expect(firstFailure).to.equal(null);
    const { id } = body.result as { readonly id: string };
    expect((await controlPlane.call('DELETE', `/v1/networks/dev/egress-rules/${id}`)).status).to.equal(200);
  });

  it('asks one agent alone when it is told which, as the end that it is, or else as the source', async () => {
    const ask = async (agentId: string, from: string) => {
      asked.length = 0;
      const body = { from, alias: 'api', port: 8080, agentId };
      const answer = await controlPlane.call('POST', '/v1/networks/dev/tests', body);
      return { answer: answer.body, roles: asked.map(({ agent, role }) => `${agent} ${role}`) };
    };
    const target = await ask('host-b', 'web');
    expect(target.roles).to.deep.equal(['host-b target']);
    const own = target.answer.checks as readonly Check[];
    expect(own.map(({ agentId }) => agentId)).to.deep.equal(Array(CHECKS_OF.target.length).fill('host-b'));
    expect((await ask('host-a', 'web')).roles).to.deep.equal(['host-a source']);
    expect((await ask('host-a', 'local')).roles).to.deep.equal(['host-a source']);
    expect((await ask('host-x', 'web')).answer.code).to.equal('AGENT_NOT_IN_NETWORK');
  });

  it('skips the checks of a local source that has not joined, and lets policy and target decide', async () => {
    const { verdict, checks, firstFailure } = await test('local');
    expect(verdict).to.include({ effect: 'allow' });
    const skipped = checks.filter(({ status }) => status === 'skipped');
    expect(skipped.map(({ code }) => code)).to.deep.equal(CHECKS_OF.source.filter((code) => code !== 'POLICY'));
    expect(new Set(skipped.map(({ remedy }) => remedy))).to.deep.equal(new Set(['gstacks mesh join dev']));
    expect(checks.filter(({ agentId }) => agentId === 'host-b')).to.have.length(CHECKS_OF.target.length);
    expect(firstFailure).to.equal(null);
  });

  it('asks each for exactly what it has to hold: epoch, version and hash', async () => {
    const questions: Extract<DiagnoseRequest, { kind: 'checks' }>[] = [];
    for (const agent of [hostA, hostB]) {
      agent.serveDiagnose(async (value) => {
        const question = parseDiagnoseRequest(value);
        if (question.kind === 'checks') questions.push(question);
        return { protocol: BUS_PROTOCOL, kind: 'checks', checks: [], effect: null };
      });
    }
    const { verdict } = await test('web');
    const held = [hostA, hostB].map((agent) => [...agent.held.values()][0]);
    expect(questions).to.have.length(2);
    for (const { epoch, version, hash } of questions) {
      expect(version).to.equal(verdict.version);
      expect(held.map((network) => network?.version)).to.deep.equal([version, version]);
      expect(held.map((network) => network?.hash)).to.deep.equal([hash, hash]);
      expect(held.map((network) => network?.epoch)).to.deep.equal([epoch, epoch]);
    }
    for (const agent of [hostA, hostB]) answerWell(agent);
  });

  const contrary = [
    { from: 'web', port: 8080, verdict: 'allow', says: 'deny' },
    { from: 'web', port: 8080, verdict: 'allow', says: 'mixed' },
    { from: 'sandbox:sbx-api', port: 8080, verdict: 'deny', says: 'allow' },
    { from: 'sandbox:sbx-api', port: 8080, verdict: 'deny', says: 'mixed' },
    { from: 'web', port: 81, verdict: 'deny', says: 'allow' },
  ] as const;
  for (const { from, port, verdict: ours, says } of contrary) {
    it(`has a first failure where it decides ${ours} for ${from} to port ${port} and an agent ${says}`, async () => {
      decides = says;
      try {
        const { verdict, firstFailure, disagreements } = await test(from, 'api', port);
        expect(verdict).to.include({ effect: ours });
        expect(firstFailure).to.include({ code: 'POLICY', status: 'fail' });
        expect(firstFailure?.agentId).to.be.oneOf(['host-a', 'host-b']);
        expect(firstFailure?.evidence).to.contain(`the control plane decides ${ours}`);
        expect(disagreements[0]).to.deep.equal(firstFailure);
      } finally {
        decides = null;
      }
    });
  }

  it('asks again when a write crossed with the question', async () => {
    let writes = 0;
    hostA.serveDiagnose(async (value) => {
      const question = parseDiagnoseRequest(value);
      if (question.kind !== 'checks') throw new Error('not asked here');
      if (writes === 0) {
        writes += 1;
        const body = { sandboxId: 'sbx-api', alias: 'late', ports: ['1'] };
        await controlPlane.call('POST', '/v1/networks/dev/aliases', body);
      }
      asked.push({ agent: 'host-a', role: question.role, version: question.version });
      return { protocol: BUS_PROTOCOL, kind: 'checks', checks: [], effect: null };
    });
    asked.length = 0;
    const { verdict } = await test('web');
    const versions = asked.filter(({ agent }) => agent === 'host-a').map(({ version }) => version);
    expect(versions).to.deep.equal([Number(verdict.version) - 1, verdict.version]);
    answerWell(hostA);
  });

  const denials = [
    { says: 'no rule allows it', from: 'sandbox:sbx-web', alias: 'web', port: 80, reason: 'DEFAULT_DENY' },
    { says: 'there is no such alias', from: 'local', alias: 'none', port: 80, reason: 'NO_ALIAS' },
    { says: 'the port is not published', from: 'local', alias: 'api', port: 81, reason: 'NO_PORT' },
    { says: 'the source is not attached', from: 'sandbox:sbx-quiet', alias: 'api', port: 8080, reason: 'NOT_ATTACHED' },
  ];
  for (const { says, from, alias, port, reason } of denials) {
    it(`denies when ${says}, with what to do`, async () => {
      const { verdict, checks, firstFailure } = await test(from, alias, port);
      expect(verdict).to.include({ effect: 'deny', reason });
      const policy = checks.find(({ agentId, code }) => agentId === null && code === 'POLICY');
      expect(policy).to.include({ status: 'fail' });
      expect(policy?.remedy).to.match(/^gstacks network /);
      expect(firstFailure?.status).to.equal('fail');
    });
  }

  it('knows nothing of an agent that does not answer', async () => {
    await controlPlane.call('POST', '/v1/networks/dev/attachments', {
      sandboxId: 'sbx-quiet',
      alias: 'quiet',
      ports: ['1'],
    });
    await controlPlane.call('POST', '/v1/networks/dev/rules', { effect: 'allow', from: 'web', to: 'quiet', port: 1 });
    const { verdict, checks, firstFailure } = await test('web', 'quiet', 1);
    expect(verdict).to.include({ effect: 'allow' });
    expect(new Set(checks.filter(({ agentId }) => agentId === 'host-c').map(({ status }) => status))).to.deep.equal(
      new Set(['unknown']),
    );
    expect(firstFailure).to.include({ agentId: 'host-c', status: 'unknown' });
  });

  it('resolves an alias at every agent that takes part', async () => {
    const { body } = await controlPlane.call('GET', '/v1/networks/dev/aliases/api/resolution');
    expect(body).to.deep.include({ alias: 'api', name: 'api.dev.gstacks', sandboxId: 'sbx-api', agentId: 'host-b' });
    expect(body.addresses).to.deep.include.members([
      { agentId: 'host-a', address: '127.77.0.1' },
      { agentId: 'host-b', address: '127.77.0.1' },
    ]);
  });
});
