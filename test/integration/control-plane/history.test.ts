import { expect } from 'chai';
import type {
  ExplanationDto,
  HistoryPageDto,
  NetworkDiffDto,
  PastChangeDto,
  VerdictTurnsDto,
} from '#libs/contracts/http/history.js';
import { waitFor } from '#test/support/wait.js';
import { TestControlPlane } from './setup.js';
import type { SimulatedAgent } from './simulated-agent.js';

/**
 * The history of one network, version by version; an agent is cut off from version 6 on, until version 8 is written.
 */
const LIFE = [
  'created',
  'attach sbx-web on host-a',
  'attach sbx-api on host-b',
  'publish api by sbx-api on 8080',
  'allow sandbox:sbx-web to api:8080',
  'labels of sbx-web are tier=web',
  'deny label:tier=web to api:8080',
  'egress: allow sandbox:sbx-web to packages.example.com:443',
  'remove rule-x: deny label:tier=web to api:8080',
];

describe('what was: history, differences and explanations from the log', () => {
  let controlPlane: TestControlPlane;
  let target: SimulatedAgent;
  let allow: string;
  let deny: string;

  const call = (method: string, path: string, body?: object) =>
    controlPlane.call(method, `/v1/networks/dev${path}`, body);
  async function get<Answer>(path: string): Promise<Answer> {
    const { status, text } = await call('GET', path);
    expect(status, text).to.equal(200);
    return JSON.parse(text);
  }
  const history = (query = '') => get<HistoryPageDto>(`/history${query}`);
  const explain = (at: string | number, from = 'sandbox:sbx-web') =>
    get<ExplanationDto>(`/explanation?from=${from}&alias=api&port=8080&at=${at}`);
  const diff = async (from: string | number, to: string | number) => {
    const { gained, lost } = await get<NetworkDiffDto>(`/diff?from=${from}&to=${to}`);
    const text = ({ from: source, alias, port }: NetworkDiffDto['gained'][number]) => `${source} ${alias}:${port}`;
    return { gained: gained.map(text), lost: lost.map(text) };
  };
  const written = async (version: number): Promise<PastChangeDto> => {
    const found = (await history()).items.find((item) => item.version === version);
    if (found === undefined) throw new Error(`no version ${version}`);
    return found;
  };
  const applied = async (version: number): Promise<void> => {
    await waitFor(`version ${version} applied`, async () => {
      const { body } = await call('GET', '');
      const { confirmed, expected } = body.applied as { confirmed: number; expected: number };
      return body.version === version && confirmed === expected;
    });
  };
  const rule = async (body: object, route = '/rules'): Promise<string> => {
    const answer = await call('POST', route, { from: 'sandbox:sbx-web', port: 8080, to: 'api', ...body });
    expect(answer.status, answer.text).to.equal(201);
    return String((answer.body.result as { id: string }).id);
  };

  before(async () => {
    controlPlane = await TestControlPlane.start();
    await controlPlane.agent('host-a', ['sbx-web']);
    target = await controlPlane.agent('host-b', ['sbx-api']);
    await controlPlane.call('POST', '/v1/networks', { name: 'dev' });
    await call('POST', '/attachments', { sandboxId: 'sbx-web' });
    await call('POST', '/attachments', { sandboxId: 'sbx-api', alias: 'api', ports: ['8080'] });
    allow = await rule({ effect: 'allow' });
    await applied(5);
    target.stop();
    await controlPlane.call('PATCH', '/v1/sandboxes/sbx-web/labels', { set: { tier: 'web' } });
    await waitFor('the label on the network', async () => (await call('GET', '')).body.version === 6);
    deny = await rule({ effect: 'deny', from: 'label:tier=web' });
    await waitFor('the denial applied at its source', async () => {
      const { agents } = await explain(7);
      return agents.find(({ agentId }) => agentId === 'host-a')?.version === 7;
    });
    await rule({ effect: 'allow', to: 'packages.example.com', port: 443 }, '/egress-rules');
    target.goOn();
    await applied(8);
    await call('DELETE', `/rules/${deny}`);
    await applied(9);
  });

  after(() => controlPlane.end());

  it('lists who changed what and when, the newest first', async () => {
    const { items, nextCursor } = await history();
    expect(nextCursor).to.equal(null);
    expect(items.map(({ summary }) => summary.replace(deny, 'rule-x')).toReversed()).to.deep.equal(LIFE);
    expect(items.map(({ version }) => version)).to.deep.equal([9, 8, 7, 6, 5, 4, 3, 2, 1]);
    for (const { at, commandId, version } of items) {
      expect(Date.parse(at), at).to.be.closeTo(Date.now(), 120_000);
      expect(commandId, `version ${version}`).to.match(/./);
    }
  });

  it('filters and pages', async () => {
    const all = (await history()).items;
    const byProcess = all.filter(({ actor }) => !actor.startsWith('user:'));
    expect(byProcess.map(({ version }) => version)).to.deep.equal([6]);
    const [process] = byProcess;
    const actor = encodeURIComponent(process?.actor ?? '');
    expect((await history(`?actor=${actor}`)).items).to.deep.equal(byProcess);
    const kinds = {
      network: [1],
      attachments: [2, 3],
      aliases: [4],
      rules: [9, 7, 5],
      sandboxes: [6],
      egress: [8],
      tests: [],
    };
    for (const [kind, versions] of Object.entries(kinds)) {
      const found = (await history(`?kind=${kind}`)).items.map(({ version }) => version);
      expect(found.toSorted(), kind).to.deep.equal(versions.toSorted());
    }
    const seventh = (await written(7)).at;
    expect((await history(`?since=${seventh}`)).items.map(({ version }) => version)).to.deep.equal([9, 8, 7]);
    expect((await history(`?until=${seventh}`)).items.map(({ version }) => version)).to.deep.equal([6, 5, 4, 3, 2, 1]);
    const paged: PastChangeDto[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: HistoryPageDto = await history(`?limit=4${cursor === '' ? '' : `&cursor=${cursor}`}`);
      paged.push(...page.items);
      cursor = page.nextCursor;
    }
    expect(paged).to.deep.equal(all);
  });

  it('says who gained and lost what between two versions, either way, and two times', async () => {
    const web = 'sandbox:sbx-web api:8080';
    const outside = 'sandbox:sbx-web packages.example.com:443';
    expect(await diff(4, 5)).to.deep.equal({ gained: [web], lost: [] });
    expect(await diff(5, 6)).to.deep.equal({ gained: [], lost: [] });
    expect(await diff(6, 7)).to.deep.equal({ gained: [], lost: [web] });
    expect(await diff(5, 8)).to.deep.equal({ gained: [outside], lost: [web] });
    expect(await diff(8, 5)).to.deep.equal({ gained: [web], lost: [outside] });
    expect(await diff((await written(6)).at, (await written(8)).at)).to.deep.equal({ gained: [outside], lost: [web] });
    expect(await diff('2020-01-01T00:00:00Z', 5)).to.deep.equal({ gained: [web], lost: [] });
  });

  it('explains each version: the verdict, the rule, and the change that made the rule', async () => {
    const told = async (version: number) => {
      const { verdict, rule: deciding, at } = await explain(version);
      expect(at.version).to.equal(version);
      return [verdict.effect, verdict.reason, deciding?.ruleId ?? null, deciding?.made.version ?? null];
    };
    expect(await told(2)).to.deep.equal(['deny', 'NO_ALIAS', null, null]);
    expect(await told(4)).to.deep.equal(['deny', 'DEFAULT_DENY', null, null]);
    expect(await told(5)).to.deep.equal(['allow', 'ALLOWED', allow, 5]);
    expect(await told(6)).to.deep.equal(['allow', 'ALLOWED', allow, 5]);
    expect(await told(7)).to.deep.equal(['deny', 'EXPLICIT_DENY', deny, 7]);
    expect(await told(9)).to.deep.equal(['allow', 'ALLOWED', allow, 5]);
    const { rule: deciding } = await explain(7);
    expect(deciding?.text).to.equal('deny label:tier=web to api:8080');
    expect(deciding?.made).to.deep.equal(await written(7));
    const now = await get<ExplanationDto>('/explanation?from=sandbox:sbx-web&alias=api&port=8080');
    expect([now.at.version, now.at.until, now.verdict.effect]).to.deep.equal([9, null, 'allow']);
  });

  it('says what each end had applied by then: a host that was cut off still followed what it held', async () => {
    const held = async (version: number | string) =>
      (await explain(version)).agents.map(({ agentId, roles, version: has, effect }) => [agentId, roles, has, effect]);
    expect(await held(5)).to.deep.equal([
      ['host-a', ['source'], 5, 'allow'],
      ['host-b', ['target'], 5, 'allow'],
    ]);
    expect(await held(7)).to.deep.equal([
      ['host-a', ['source'], 7, 'deny'],
      ['host-b', ['target'], 5, 'allow'],
    ]);
    expect(await held(9)).to.deep.equal([
      ['host-a', ['source'], 9, 'allow'],
      ['host-b', ['target'], 9, 'allow'],
    ]);
    // Right after the denial was written, no agent had it yet.
    const at = (await written(7)).at;
    expect((await held(at)).map(([, , version]) => Number(version) < 7)).to.deep.equal([true, true]);
  });

  it('finds the versions at which a verdict turned', async () => {
    const { turns } = await get<VerdictTurnsDto>('/verdict-turns?from=sandbox:sbx-web&alias=api&port=8080');
    expect(turns.map(({ change, effect, reason }) => [change.version, effect, reason])).to.deep.equal([
      [9, 'allow', 'ALLOWED'],
      [7, 'deny', 'EXPLICIT_DENY'],
      [5, 'allow', 'ALLOWED'],
      [4, 'deny', 'DEFAULT_DENY'],
      [2, 'deny', 'NO_ALIAS'],
      [1, 'deny', 'NOT_ATTACHED'],
    ]);
  });

  it('refuses a version that is not there, a time before the network, and what is neither', async () => {
    const refused = async (path: string) => {
      const { status, body } = await call('GET', path);
      return [status, body.code];
    };
    const question = 'from=web&alias=api&port=8080';
    expect(await refused('/diff?from=3&to=10')).to.deep.equal([404, 'VERSION_NOT_FOUND']);
    expect(await refused(`/explanation?${question}&at=10`)).to.deep.equal([404, 'VERSION_NOT_FOUND']);
    expect(await refused(`/explanation?${question}&at=2020-01-01T00:00:00Z`)).to.deep.equal([404, 'NETWORK_ABSENT']);
    for (const at of ['0', '-1', 'yesterday', '4.5']) {
      expect(await refused(`/explanation?${question}&at=${at}`), at).to.deep.equal([400, 'INVALID_INPUT']);
    }
  });

  it('says of a quarantine that nothing was served, at its versions and of an agent that is still at one of them', async () => {
    const path = '/v1/networks/shut';
    const write = async (method: string, route: string, body?: object) => {
      const answer = await controlPlane.call(method, `${path}${route}`, body);
      expect(answer.status, answer.text).to.be.lessThan(300);
    };
    const ask = async <Answer>(route: string): Promise<Answer> =>
      JSON.parse((await controlPlane.call('GET', `${path}${route}`)).text);
    await controlPlane.call('POST', '/v1/networks', { name: 'shut' });
    await write('POST', '/attachments', { sandboxId: 'sbx-web' });
    await write('POST', '/attachments', { sandboxId: 'sbx-api', alias: 'api', ports: ['8080'] });
    await write('POST', '/rules', { effect: 'allow', from: 'sandbox:sbx-web', to: 'api', port: 8080 });
    await write('POST', '/quarantine', {});
    const question = 'from=sandbox:sbx-web&alias=api&port=8080';
    const told = async (version: number) => {
      const { verdict, agents } = await ask<ExplanationDto>(`/explanation?${question}&at=${version}`);
      return [verdict.effect, verdict.reason, ...agents.map((agent) => `${agent.version}: ${agent.effect}`)];
    };
    await waitFor('both agents were cut off', async () => (await told(6)).slice(2).every((one) => one === '6: deny'));
    target.stop();
    await write('DELETE', '/quarantine');
    await waitFor('one agent serves it again', async () => (await told(7)).includes('7: allow'));
    expect(await told(5)).to.include.members(['allow', 'ALLOWED']);
    expect(await told(6)).to.deep.equal(['deny', 'QUARANTINED', '6: deny', '6: deny']);
    expect(await told(7)).to.deep.equal(['allow', 'ALLOWED', '7: allow', '6: deny']);
    target.goOn();
    const { turns } = await ask<VerdictTurnsDto>(`/verdict-turns?${question}`);
    expect(turns.slice(0, 3).map(({ change, reason }) => [change.version, reason])).to.deep.equal([
      [7, 'ALLOWED'],
      [6, 'QUARANTINED'],
      [5, 'ALLOWED'],
    ]);
    const { lost } = await ask<NetworkDiffDto>('/diff?from=5&to=6');
    expect(lost).to.have.length(1);
    const { gained } = await ask<NetworkDiffDto>('/diff?from=6&to=7');
    expect(gained).to.have.length(1);
  });

  it('answers alike after everything in memory was built anew, and once the network is gone', async () => {
    const ask = async () => [await history(), await diff(5, 8), await explain(7), await explain(8)];
    const before = await ask();
    await controlPlane.stop();
    await controlPlane.startAgain();
    expect(await ask()).to.deep.equal(before);
    await controlPlane.call('DELETE', '/v1/networks/dev?detachAll=true');
    const { items } = await history();
    expect(items[0]?.type).to.equal('NetworkDeleted');
    expect(await explain(7)).to.deep.equal(before[2]);
    const last = items[0]?.version ?? 0;
    expect(await diff(9, last)).to.deep.equal({
      gained: [],
      lost: ['sandbox:sbx-web api:8080', 'sandbox:sbx-web packages.example.com:443'],
    });
    const { status, body } = await call('GET', '/explanation?from=web&alias=api&port=8080');
    expect([status, body.code]).to.deep.equal([404, 'NETWORK_ABSENT']);
  });
});
