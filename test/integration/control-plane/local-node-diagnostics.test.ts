import { expect } from 'chai';
import { CHECK_CODES, CHECKS_OF } from '#libs/contracts/bus/checks.js';
import { BUS_PROTOCOL } from '#libs/contracts/bus/protocol.js';
import { parseDiagnoseRequest } from '#libs/contracts/bus/to-member/diagnose.js';
import type { TestResultDto } from '#libs/contracts/http/diagnostics.js';
import { waitFor } from '#test/support/wait.js';
import { TestControlPlane } from './setup.js';
import { SimulatedLocalNode } from './simulated-local-node.js';

describe('diagnostics of local nodes', () => {
  let controlPlane: TestControlPlane;
  let adas: SimulatedLocalNode;
  let bobs: SimulatedLocalNode;
  const asked: { readonly node: string; readonly role: string; readonly version: number }[] = [];

  before(async () => {
    controlPlane = await TestControlPlane.start({ GLOBALSTACKS_MESH_TRANSPORT: 'direct' });
    await controlPlane.call('POST', '/v1/networks', { name: 'dev' });
    await controlPlane.call('POST', '/v1/networks', { name: 'other' });
    const host = await controlPlane.agent('host-a', ['sbx-api']);
    host.serveDiagnose(async () => well());
    const attachment = { sandboxId: 'sbx-api', alias: 'api', ports: ['8080'] };
    const rule = { effect: 'allow', from: 'local', to: 'api', port: 8080 };
    for (const network of ['dev', 'other']) {
      await controlPlane.call('POST', `/v1/networks/${network}/attachments`, attachment);
      await controlPlane.call('POST', `/v1/networks/${network}/rules`, rule);
    }
    adas = await SimulatedLocalNode.join(controlPlane, 'dev', 'ada');
    bobs = await SimulatedLocalNode.join(controlPlane, 'dev', 'bob');
    adas.serve('diagnose', async (message) => {
      const question = parseDiagnoseRequest(message);
      if (question.kind === 'checks') {
        asked.push({ node: adas.nodeId, role: question.role, version: question.version });
      }
      return well();
    });
    await waitFor('its subscription is at the server', async () => (await answersOf('local:ada', adas))[0] === 'pass');
  });

  after(async () => {
    await Promise.all([adas, bobs].map((node) => node.close()));
    await controlPlane.end();
  });

  function well() {
    const checks = CHECK_CODES.map((code) => ({ code, status: 'pass', evidence: 'seen', remedy: null }));
    return { protocol: BUS_PROTOCOL, kind: 'checks', checks, effect: 'allow' };
  }

  const test = async (from: string, network = 'dev'): Promise<TestResultDto> => {
    const question = { from, alias: 'api', port: 8080 };
    const { status, text } = await controlPlane.call('POST', `/v1/networks/${network}/tests`, question);
    expect(status, text).to.equal(200);
    return JSON.parse(text);
  };
  const answersOf = async (from: string, { nodeId }: SimulatedLocalNode): Promise<readonly string[]> => {
    const own = (await test(from)).checks.filter((check) => check.nodeId === nodeId);
    return own.map(({ status }) => status);
  };

  it('asks the machines of the user in question, and names them', async () => {
    asked.length = 0;
    const { checks, firstFailure, verdict } = await test('local:ada');
    expect(verdict).to.include({ effect: 'allow' });
    const own = checks.filter(({ nodeId }) => nodeId !== null);
    expect(own.map(({ agentId, nodeId, code, status }) => ({ agentId, nodeId, code, status }))).to.deep.equal(
      CHECKS_OF.source.map((code) => ({ agentId: null, nodeId: adas.nodeId, code, status: 'pass' })),
    );
    expect(checks.filter(({ status }) => status === 'skipped')).to.deep.equal([]);
    expect(firstFailure).to.equal(null);
    expect(asked).to.deep.equal([{ node: adas.nodeId, role: 'source', version: verdict.version }]);
  });

  it('knows nothing of a machine that does not answer', async () => {
    const { firstFailure, checks } = await test('local');
    expect(firstFailure).to.include({ nodeId: bobs.nodeId, code: 'MESH_JOINED', status: 'unknown' });
    expect(firstFailure?.remedy).to.contain('gstacks mesh status');
    const of = (node: SimulatedLocalNode) => checks.filter(({ nodeId }) => nodeId === node.nodeId);
    expect(of(bobs).map(({ status }) => status)).to.deep.equal(CHECKS_OF.source.map(() => 'unknown'));
    expect(of(adas).map(({ status }) => status)).to.deep.equal(CHECKS_OF.source.map(() => 'pass'));
  });

  it('knows nothing of checks that an answer leaves out', async () => {
    bobs.serve('diagnose', async () => ({ ...well(), checks: well().checks.slice(0, 1) }));
    await waitFor('it answers', async () => (await answersOf('local:bob', bobs))[0] === 'pass');
    expect((await answersOf('local:bob', bobs)).slice(1)).to.deep.equal(CHECKS_OF.source.slice(1).map(() => 'unknown'));
  });

  it('skips the checks where none has joined, and lets policy and target decide', async () => {
    for (const [from, network] of [
      ['local:cyd', 'dev'],
      ['local:ada', 'other'],
    ] as const) {
      const { checks, firstFailure } = await test(from, network);
      const skipped = checks.filter(({ status }) => status === 'skipped');
      expect(skipped.map(({ remedy }) => remedy)).to.deep.equal(
        CHECKS_OF.source.slice(1).map(() => `gstacks mesh join ${network}`),
      );
      expect(skipped[0]?.evidence).to.contain(from);
      expect(firstFailure).to.equal(null);
    }
  });

  it('tells whoever asks about local which of the joined users a rule decides otherwise about', async () => {
    const rule = { effect: 'deny', from: 'local:ada', to: 'api', port: 8080 };
    const denied = await controlPlane.call('POST', '/v1/networks/dev/rules', rule);
    const { id } = denied.body.result as { id: string };
    const { verdict } = await test('local');
    expect(verdict).to.include({ effect: 'mixed', reason: 'MIXED' });
    const told = verdict.members.map(({ source, effect, ruleId }) => [source, effect, ruleId === id]);
    expect(told).to.deep.equal([
      ['local', 'allow', false],
      ['local:ada', 'deny', true],
      ['local:bob', 'allow', false],
    ]);
    await controlPlane.call('DELETE', `/v1/networks/dev/rules/${id}`);
    expect((await test('local')).verdict).to.deep.include({ effect: 'allow', members: [] });
  });

  it('asks nobody who has left', async () => {
    await controlPlane.call('DELETE', `/v1/local-nodes/${bobs.nodeId}`);
    const { checks, firstFailure } = await test('local');
    expect(checks.filter(({ nodeId }) => nodeId === bobs.nodeId)).to.deep.equal([]);
    expect(firstFailure).to.equal(null);
  });
});
