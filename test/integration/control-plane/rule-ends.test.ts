import { expect } from 'chai';
import { waitFor } from '#test/support/wait.js';
import { TestControlPlane } from './setup.js';

const HOUR_MS = 3_600_000;

interface Change {
  readonly type: string;
  readonly version: number;
  readonly ruleId: string | null;
  readonly actor: string;
}

interface Rule {
  readonly id: string;
  readonly until?: string;
}

describe('rules that end, at the control plane', function () {
  this.timeout(60_000);
  let plane: TestControlPlane;

  before(async () => {
    plane = await TestControlPlane.start();
    await plane.call('POST', '/v1/networks', { name: 'dev' });
    await plane.agent('host-a', ['sbx-api']);
    await plane.call('POST', '/v1/networks/dev/attachments', { sandboxId: 'sbx-api', alias: 'api', ports: ['8080'] });
  });
  after(() => plane?.end());

  async function add(rule: object, kind: 'rules' | 'egress-rules' = 'rules'): Promise<Rule> {
    const base = kind === 'rules' ? { to: 'api', port: 8080 } : { to: 'example.com', port: 443 };
    const { status, body } = await plane.call('POST', `/v1/networks/dev/${kind}`, { ...base, ...rule });
    expect(status, JSON.stringify(body)).to.equal(201);
    return body.result as Rule;
  }

  async function history(): Promise<readonly Change[]> {
    const { body } = await plane.call('GET', '/v1/networks/dev/history');
    return body.items as readonly Change[];
  }

  const endsOf = async (id: string) =>
    (await history()).filter(({ type, ruleId }) => type.endsWith('Expired') && ruleId === id);

  async function explained(at: string): Promise<unknown> {
    const { body } = await plane.call('GET', `/v1/networks/dev/explanation?from=any&alias=api&port=8080&at=${at}`);
    return (body.verdict as { readonly reason?: unknown } | undefined)?.reason ?? body;
  }

  it('take either how long or until when, and say until when', async () => {
    const before = Date.now();
    const lasting = await add({ effect: 'allow', from: 'local', forSeconds: 7_200 });
    expect(Date.parse(lasting.until ?? '')).to.be.within(before + 7_200_000, Date.now() + 7_200_000);
    const until = new Date(before + HOUR_MS).toISOString();
    expect((await add({ effect: 'allow', from: 'local', until })).until).to.equal(until);
    const { body } = await plane.call('GET', '/v1/networks/dev/rules');
    const listed = (body.items as readonly Rule[]).map((rule) => rule.until);
    expect(listed).to.have.members([lasting.until, until]);

    for (const [wrong, code] of [
      [{ forSeconds: 7_200, until }, 'INVALID_INPUT'],
      [{ forSeconds: 0 }, 'INVALID_INPUT'],
      [{ until: 'tomorrow' }, 'INVALID_INPUT'],
      [{ until: new Date(before - 1).toISOString() }, 'RULE_END_INVALID'],
    ] as const) {
      const refused = { effect: 'allow', from: 'any', to: 'api', port: 8080, ...wrong };
      const answer = await plane.call('POST', '/v1/networks/dev/rules', refused);
      expect(answer.body, JSON.stringify(answer.body)).to.include({ code });
    }
    const after = await plane.call('GET', '/v1/networks/dev/rules');
    expect((after.body.items as readonly Rule[]).length).to.equal(listed.length);
  });

  it('end once, however often the control plane starts, and the past is told by the time', async () => {
    const rules = [
      await add({ effect: 'allow', from: 'any', forSeconds: 3_600 }),
      await add({ effect: 'deny', from: 'local', forSeconds: 3_600 }),
      await add({ effect: 'allow', from: 'any', forSeconds: 3_600 }, 'egress-rules'),
    ];
    const [allow] = rules;
    const beforeEnd = new Date(Date.parse(allow?.until ?? '') - 1).toISOString();
    expect(await explained(beforeEnd)).to.equal('ALLOWED');
    expect(await explained(allow?.until ?? ''), 'in the same version').to.equal('DEFAULT_DENY');
    const [made] = await history();
    await plane.stop();
    plane.clockAheadMs = 2 * HOUR_MS;
    await plane.startAgain();
    for (const { id } of rules) await waitFor(`${id} has ended`, async () => (await endsOf(id)).length > 0);
    await plane.stop();
    await plane.startAgain();
    await waitFor('it looks again', async () => (await history()).length > 0);
    for (const { id } of rules) {
      const ends = await endsOf(id);
      expect(ends.map(({ actor }) => actor)).to.deep.equal(['control-plane']);
    }
    expect((await endsOf(rules[2]?.id ?? ''))[0]?.type).to.equal('EgressRuleExpired');
    expect(await explained(String(made?.version)), 'the version, as it began').to.equal('ALLOWED');
  });
});
