import { expect } from 'chai';
import { problem } from '#test/integration/cli/answering-server.js';
import { applied, rule, tested, unchanged, write } from '#test/integration/cli/answers.js';
import { finished, words } from '#test/integration/cli/gstacks.js';
import { stage } from '#test/integration/cli/setup.js';
import { waitFor } from '#test/support/wait.js';

const DENY = 'network policy deny dev --from local --to api --port 8080';
const RULES = 'POST /v1/networks/dev/rules';
const APPLIED = 'GET /v1/networks/dev/applied/5';
const HELD = 'GET /v1/networks/dev/held/5';
const written = { ...write, result: rule };

describe('cli: --wait', function () {
  this.timeout(60_000);
  const at = stage();

  for (const [flag, seconds] of [
    ['--wait', '10'],
    ['--wait=30', '30'],
  ] as const) {
    it(`${flag} asks for ${seconds} seconds and says what was proven`, async () => {
      const { server, gstacks, env } = at();
      server.on(RULES, { json: written }).on(APPLIED, { json: applied });
      const { exitCode, stdout } = await gstacks.run(words(`${DENY} ${flag}`), { env });
      expect(exitCode).to.equal(0);
      expect(stdout).to.contain('applied by 2/2 agents in 41 ms; 3 open connections cut\n');
      expect(server.requests.at(-1)?.query).to.deep.equal({ waitSeconds: seconds });
    });
  }

  it('--json holds the write and what was proven', async () => {
    const { server, gstacks, env } = at();
    server.on(RULES, { json: written }).on(APPLIED, { json: applied });
    const { stdout } = await gstacks.run(words(`${DENY} --wait --json`), { env });
    expect(JSON.parse(stdout)).to.deep.equal({ ...written, applied });
  });

  it('of a write that found it so, says since when and who follows it now, and claims no cuts', async () => {
    const { server, gstacks, env } = at();
    const held = { ...applied, flowsCut: 0 };
    server.on(RULES, { json: { ...unchanged, result: rule } }).on(HELD, { json: held });
    const people = await gstacks.run(words(`${DENY} --wait`), { env });
    expect(people.exitCode).to.equal(0);
    expect(people.stdout).to.contain('already so since version 3; proven by 2/2 agents\n').and.not.contain(' cut');
    expect(server.requests.at(-1)?.query).to.deep.equal({ waitSeconds: '10' });
    const programs = await gstacks.run(words(`${DENY} --wait --json`), { env });
    expect(JSON.parse(programs.stdout)).to.deep.equal({ ...unchanged, result: rule, applied: held });
  });

  it('of a write that found it so, does not say that anything is written when the wait fails, exit 5', async () => {
    const { server, gstacks, env } = at();
    server.on(RULES, { json: { ...unchanged, result: rule } }).on(HELD, problem(500, 'INTERNAL', 'broke'));
    const { exitCode, stderr } = await gstacks.run(words(`${DENY} --wait`), { env });
    expect(exitCode).to.equal(5);
    expect(stderr).to.contain('nothing was written').and.not.contain('is written');
  });

  it('names the agents that did not acknowledge, exit 5', async () => {
    const { server, gstacks, env } = at();
    const stopped = { agentId: 'host-b', status: 'STALE', appliedVersion: 4, flowsCut: 0, reason: 'silent for 5 s' };
    server
      .on(RULES, { json: written })
      .on(APPLIED, { json: { ...applied, confirmed: 1, agents: [applied.agents[0], stopped] } });
    const { exitCode, stdout } = await gstacks.run(words(`${DENY} --wait=1`), { env });
    expect(exitCode).to.equal(5);
    expect(stdout).to.contain('applied by 1/2 agents').and.contain('host-b: STALE, at version 4: silent for 5 s');
    expect(stdout).to.contain('gstacks network status dev');
  });

  it('does not take a later version for a proof, exit 5', async () => {
    const { server, gstacks, env } = at();
    server.on(RULES, { json: written }).on(APPLIED, { json: { ...applied, supersededBy: 7 } });
    const { exitCode, stdout } = await gstacks.run(words(`${DENY} --wait`), { env });
    expect(exitCode).to.equal(5);
    expect(stdout).to.contain('superseded by 7\n').and.not.contain('applied by');
  });

  it('reports the write when only the wait fails, exit 5', async () => {
    const { server, gstacks, env } = at();
    server.on(RULES, { json: written }).on(APPLIED, problem(500, 'INTERNAL', 'broke'));
    const people = await gstacks.run(words(`${DENY} --wait`), { env });
    expect(people.exitCode).to.equal(5);
    expect(people.stdout).to.contain('rule-4f9c21ab added');
    expect(people.stderr).to.contain('version 5 of dev is written').and.contain('gstacks network status dev');
    const programs = await gstacks.run(words(`${DENY} --wait --json`), { env });
    const document = JSON.parse(programs.stdout);
    expect(document.error.code).to.equal('NOT_PROVEN');
    expect(document.written).to.deep.equal({ network: 'dev', version: 5, changed: true });
  });

  it('Ctrl-C while waiting ends the wait, not the write, exit 130', async () => {
    const { server, gstacks, env } = at();
    server.on(RULES, { json: written }).on(APPLIED, () => undefined);
    const child = gstacks.start(words(`${DENY} --wait=60`), { env });
    const ended = finished(child);
    await waitFor('the wait has begun', () => server.requests.length === 2);
    child.kill('SIGINT');
    const { exitCode, stderr } = await ended;
    expect(exitCode).to.equal(130);
    expect(stderr).to.contain('version 5 of dev is written').and.contain('gstacks network status dev');
  });

  it('Ctrl-C during a write says that it may have been made and how to repeat it, exit 130', async () => {
    const { server, gstacks, env } = at();
    server.on(RULES, () => undefined);
    const child = gstacks.start(words(DENY), { env });
    const ended = finished(child);
    await waitFor('the write has been sent', () => server.requests.length === 1);
    child.kill('SIGINT');
    const { exitCode, stderr } = await ended;
    expect(exitCode).to.equal(130);
    expect(stderr).to.contain('may have been made').and.contain(`${server.requests[0]?.headers['idempotency-key']}`);
  });
});

describe('cli: network test', function () {
  this.timeout(60_000);
  const at = stage();
  const denied = { ...tested.verdict, effect: 'deny', reason: 'DEFAULT_DENY', ruleId: null };
  const missed = { ...denied, nearMisses: [{ ruleId: 'rule-4f9c21ab', missed: 'port' }] };
  const failure = {
    ...{ agentId: 'host-b', nodeId: null, role: 'target', code: 'DNS_LOADED' },
    ...{ status: 'fail', evidence: 'no records', remedy: 'wait' },
  };
  const silent = {
    ...{ agentId: null, nodeId: 'laptop-0a1b2c3d4e', role: 'source', code: 'MESH_JOINED' },
    ...{ status: 'unknown', evidence: 'did not answer', remedy: null },
  };
  const contrary = {
    ...{ agentId: 'host-b', nodeId: null, role: 'target', code: 'POLICY' },
    ...{ status: 'fail', evidence: 'ALLOWED; the control plane decides deny', remedy: null },
  };
  const lying = { ...tested, rule: null, verdict: denied, disagreements: [contrary], firstFailure: contrary };
  const rows = [
    ['', tested, 0, 'allowed, and no check failed'],
    ['--expect allow', tested, 0, 'allowed, and no check failed'],
    ['--expect deny', tested, 1, 'expected a denial'],
    ['', { ...tested, rule: null, verdict: missed }, 3, 'near miss: rule-4f9c21ab matches all but the port'],
    ['--expect deny', { ...tested, rule: null, verdict: denied }, 0, 'denied by the policy, as expected'],
    ['--expect allow', { ...tested, rule: null, verdict: denied }, 3, 'DENIED  local -> api:8080'],
    [
      '',
      { ...tested, checks: [failure], firstFailure: failure },
      5,
      'first failure: host-b (target) DNS_LOADED: no records',
    ],
    [
      '',
      { ...tested, checks: [silent], firstFailure: silent },
      5,
      'failure: local node laptop-0a1b2c3d4e (source) MESH_JOINED',
    ],
    ['--expect deny', lying, 5, 'first failure: host-b (target) POLICY: ALLOWED'],
    ['', lying, 5, 'host-b decides differently from the control plane'],
    [
      '--expect deny',
      { ...tested, rule: null, verdict: { ...denied, reason: 'NO_ALIAS' } },
      6,
      'deny: this network has no alias api (NO_ALIAS)',
    ],
    [
      '',
      { ...tested, rule: null, verdict: { ...denied, effect: 'mixed', reason: 'MIXED' } },
      5,
      'MIXED  local -> api:8080',
    ],
  ] as const;
  for (const [flags, answer, code, says] of rows) {
    it(`${flags === '' ? 'without an expectation' : flags}, ${answer.verdict.reason}: exit ${code}`, async () => {
      const { server, gstacks, env } = at();
      server.on('POST /v1/networks/dev/tests', { json: answer });
      const command = words(`network test dev local api:8080 ${flags}`);
      const people = await gstacks.run(command, { env });
      expect(people.exitCode).to.equal(code);
      expect(people.stdout).to.contain(says);
      const programs = await gstacks.run([...command, '--json'], { env });
      expect(programs.exitCode).to.equal(code);
      expect(JSON.parse(programs.stdout)).to.deep.equal(answer);
    });
  }

  it('--expect deny, as expected: gives no advice that would end the denial', async () => {
    const { server, gstacks, env } = at();
    const decided = {
      ...contrary,
      agentId: null,
      role: null,
      evidence: 'no rule allows it',
      remedy: 'gstacks network policy allow',
    };
    server.on('POST /v1/networks/dev/tests', {
      json: { ...tested, rule: null, verdict: denied, firstFailure: decided },
    });
    const command = words('network test dev local api:8080');
    expect((await gstacks.run(command, { env })).stdout).to.contain('  try      gstacks network policy allow');
    const expected = await gstacks.run([...command, '--expect', 'deny'], { env });
    expect(expected.exitCode).to.equal(0);
    expect(expected.stdout).to.not.contain('first failure').and.not.contain('  try  ');
  });
});
