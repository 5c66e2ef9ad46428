import { expect } from 'chai';
import { BUS_PROTOCOL } from '#libs/contracts/bus/protocol.js';
import type { ReportedDenial } from '#libs/contracts/bus/to-member/denied-names.js';
import { parseDiagnoseRequest } from '#libs/contracts/bus/to-member/diagnose.js';
import type { DeniedNameDto, DeniedNamesDto } from '#libs/contracts/http/denied-names.js';
import { waitFor } from '#test/support/wait.js';
import { TestControlPlane } from './setup.js';
import type { SimulatedAgent } from './simulated-agent.js';

const AT = '2026-01-02T03:04:05.000Z';

describe('the names outside that sandboxes were lately refused', () => {
  let controlPlane: TestControlPlane;
  let other: SimulatedAgent;

  const call = (method: string, path: string, body?: object) =>
    controlPlane.call(method, `/v1/networks/dev${path}`, body);
  const denied = async (query = ''): Promise<DeniedNamesDto> =>
    JSON.parse((await call('GET', `/denied-names${query}`)).text);
  const said = ({ from, name, port, count, remedy }: DeniedNameDto) => `${from} ${name}:${port} ${count} ${remedy}`;

  function reports(agent: SimulatedAgent, found: readonly object[]): void {
    agent.serveDiagnose(async (value) => {
      const { kind } = parseDiagnoseRequest(value);
      if (kind !== 'denied-names') throw new Error('only denied names are asked for here');
      return { protocol: BUS_PROTOCOL, kind, denied: found, leftOut: 0 };
    });
  }

  const denial = (sandboxId: string, name: string, port: number | null, change: object = {}): object => ({
    ...({ name, port, reason: 'DEFAULT_DENY', count: 1, lastAt: AT } satisfies Omit<
      { [member in keyof ReportedDenial]: unknown },
      'sandboxId'
    >),
    sandboxId,
    ...change,
  });

  before(async () => {
    controlPlane = await TestControlPlane.start();
    const agent = await controlPlane.agent('host-a', ['sbx-web', 'sbx-cron']);
    other = await controlPlane.agent('host-b', ['sbx-api']);
    await controlPlane.call('POST', '/v1/networks', { name: 'dev' });
    await call('POST', '/attachments', { sandboxId: 'sbx-web', alias: 'web', ports: ['80'] });
    await call('POST', '/attachments', { sandboxId: 'sbx-cron' });
    await call('POST', '/attachments', { sandboxId: 'sbx-api' });
    for (const [effect, to, port] of [
      ['allow', 'now.example.com', 22],
      ['allow', 'inside.example.com', 443],
      ['deny', 'bad.example.com', 443],
    ] as const) {
      await call('POST', '/egress-rules', { effect, from: 'any', to, port });
    }
    reports(agent, [
      denial('sbx-cron', 'packages.example.com', 8443),
      denial('sbx-web', 'packages.example.com', null, { count: 9 }),
      denial('sbx-web', 'now.example.com', null, { count: 8 }),
      denial('sbx-web', 'inside.example.com', 443, { count: 7, reason: 'TARGET_FORBIDDEN' }),
      denial('sbx-web', 'bad.example.com', 443, { count: 6, reason: 'EXPLICIT_DENY' }),
      // An agent cannot report about a sandbox that it does not hold.
      denial('sbx-api', 'stolen.example.com', 443),
    ]);
    reports(other, []);
  });

  after(() => controlPlane.end());

  it('are shown by sandbox, each with the command that would allow it by the rules of now', async () => {
    const { items, notKnown } = await denied();
    const [, , , bad] = items;
    const rules = (await call('GET', '/egress-rules?effect=deny')).body.items as { readonly id: string }[];
    const allow = 'gstacks network egress allow dev --from';
    expect(items.map(said)).to.deep.equal([
      `web packages.example.com:null 9 ${allow} web --to packages.example.com:443`,
      'web now.example.com:null 8 null',
      `web inside.example.com:443 7 ${allow} web --to inside.example.com:443 --private`,
      `web bad.example.com:443 6 gstacks network egress remove dev ${rules[0]?.id}`,
      `sandbox:sbx-cron packages.example.com:8443 1 ${allow} sandbox:sbx-cron --to packages.example.com:8443`,
    ]);
    expect(items.map(({ allowedNow }) => allowedNow)).to.deep.equal([false, true, false, false, false]);
    expect(items.map(({ deniedBy }) => deniedBy)).to.deep.equal([null, null, null, rules[0]?.id, null]);
    expect(bad).to.deep.include({ sandboxId: 'sbx-web', agentId: 'host-a', reason: 'EXPLICIT_DENY', lastAt: AT });
    expect(notKnown).to.deep.equal([]);
  });

  it('are those of one selector when asked so', async () => {
    expect((await denied('?from=web')).items).to.have.length(4);
    expect((await denied('?from=sandbox:sbx-cron')).items).to.have.length(1);
    expect((await denied('?from=sandbox:sbx-api')).items).to.deep.equal([]);
    expect((await call('GET', '/denied-names?from=!')).status).to.equal(400);
  });

  it('are not known of an agent that answers nonsense, or in more than the bound', async () => {
    for (const found of [
      [denial('sbx-api', '127.0.0.1', 443)],
      [denial('sbx-api', `${'x'.repeat(260)}.com`, 443)],
      Array.from({ length: 1_001 }, () => denial('sbx-api', 'a.example.com', 443)),
    ]) {
      reports(other, found);
      // Answers are cached for a moment.
      const { items } = await waitFor('host-b is not known', async () => {
        const now = await denied();
        return now.notKnown.some(({ agentId }) => agentId === 'host-b') && now;
      });
      expect(items).to.have.length(5);
      reports(other, []);
      await waitFor('host-b is known', async () => (await denied()).notKnown.length === 0);
    }
  });
});
