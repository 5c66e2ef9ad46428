import { expect } from 'chai';
import type { NewEvent } from '#libs/event-store/event-store.js';
import { writeEvents } from '#test/support/many-aliases.js';
import { query } from '#test/support/postgres.js';
import { waitFor } from '#test/support/wait.js';
import { TestControlPlane } from './setup.js';

/** A rule that comes and goes, so often that a state of the log is kept. */
const PAIRS = 5_100;
const allow = { ruleId: 'rule-1', effect: 'allow', from: 'sandbox:sbx-web', to: 'api', port: 8_080, until: null };
const PAIR: readonly NewEvent[] = [
  { type: 'PolicyRuleAdded', schemaVersion: 2, data: allow },
  { type: 'PolicyRuleRemoved', schemaVersion: 1, data: { ruleId: 'rule-1' } },
];

describe('the kept state of the log', function () {
  this.timeout(120_000);
  let controlPlane: TestControlPlane;

  before(async () => {
    controlPlane = await TestControlPlane.start();
    await controlPlane.agent('host-a', ['sbx-web', 'sbx-api']);
    await put('POST', '/v1/networks', { name: 'dev' });
    await put('DELETE', '/v1/networks/dev');
    await put('POST', '/v1/networks', { name: 'dev' });
    await put('POST', '/v1/networks/dev/attachments', { sandboxId: 'sbx-web' });
    await put('POST', '/v1/networks/dev/attachments', { sandboxId: 'sbx-api', alias: 'api', ports: ['8080'] });
    await put('PATCH', '/v1/sandboxes/sbx-web/labels', { set: { team: 'blue' } });
    await controlPlane.agent('host-b', ['sbx-worker']);
    await put('DELETE', '/v1/agents/host-b');
    const { body } = await controlPlane.call('GET', '/v1/networks/dev');
    const pairs = Array.from({ length: PAIRS }, () => PAIR).flat();
    await writeEvents(controlPlane.databaseUrl, { id: String(body.id), version: Number(body.version) }, pairs);
  });

  after(() => controlPlane?.end());

  async function put(method: string, path: string, body?: object): Promise<void> {
    const { status, text } = await controlPlane.call(method, path, body);
    expect(status, `${method} ${path}: ${text}`).to.be.lessThan(300);
  }

  const sql = (text: string) => query(controlPlane.databaseUrl, text);
  const kept = () =>
    waitFor('a state is kept', async () => {
      const [row] = await sql('SELECT position::int, state FROM log_states');
      return row;
    });

  /** What the control plane knows from its log, and nothing that changes with time or contact. */
  async function known(): Promise<readonly unknown[]> {
    const facts: readonly (readonly [path: string, members: readonly string[]])[] = [
      ['/v1/networks', ['id', 'name', 'version', 'createdAt', 'lastChange']],
      ['/v1/networks/dev/attachments', ['sandboxId', 'agentId', 'labels', 'aliases']],
      ['/v1/networks/dev/aliases', ['alias', 'sandboxId', 'ports']],
      ['/v1/sandboxes', ['id', 'agentId', 'address', 'driver', 'labels', 'formerAgentId']],
      ['/v1/agents', ['id', 'enrolledAt', 'revoked']],
    ];
    return Promise.all(
      facts.map(async ([path, members]) => {
        const { items } = JSON.parse((await controlPlane.call('GET', path)).text);
        return items.map((item: Record<string, unknown>) => members.map((member) => item[member]));
      }),
    );
  }

  /** The messages of the next start. */
  async function restarted(): Promise<string> {
    await controlPlane.stop();
    const before = controlPlane.log.length;
    await controlPlane.startAgain();
    return controlPlane.log.slice(before).join('');
  }

  const TAKEN_UP = 'the log was taken up from its kept state';

  /** The first one, as it was. */
  const keptAgain = () => sql('DELETE FROM log_states; INSERT INTO log_states SELECT * FROM first_state');

  it('is what a start goes on from, and changes no answer', async () => {
    await kept();
    await sql('CREATE TABLE first_state AS TABLE log_states');
    const answers = await known();
    expect(await restarted()).to.contain(TAKEN_UP);
    expect(await known()).to.deep.equal(answers);
    await sql('DELETE FROM log_states');
    expect(await restarted()).not.to.contain(TAKEN_UP);
    expect(await known()).to.deep.equal(answers);
  });

  const teamInNetwork = async () => {
    const { text } = await controlPlane.call('GET', '/v1/networks/dev/attachments');
    return JSON.parse(text).items.find((item: Record<string, unknown>) => item.sandboxId === 'sbx-web')?.labels.team;
  };

  for (const [team, when, forget] of [
    ['green', 'up to it', null],
    ['red', 'not so far', 'DELETE FROM process_cursors'],
  ] as const) {
    it(`lets what changes of a sandbox be copied to its networks, when changes were copied ${when}`, async () => {
      await keptAgain();
      if (forget !== null) await sql(forget);
      expect(await restarted()).to.contain(TAKEN_UP);
      await put('PATCH', '/v1/sandboxes/sbx-web/labels', { set: { team } });
      await waitFor('the network knows its team', async () => (await teamInNetwork()) === team);
    });
  }

  const wrong: readonly (readonly [what: string, set: string])[] = [
    ['that was changed', `state = replace(state, 'blue', 'pink')`],
    ['of another event', `event_hash = repeat('0', 64)`],
    ['at another position than it was signed for', 'position = position - 1'],
    ['of which a part is missing', 'parts = 2'],
    ['that no key of this store signed', `signature = 'c2lnbmVk'`],
    ['that is no JSON', `state = 'none'`],
  ];
  for (const [what, set] of wrong) {
    it(`does not count if it is one ${what}`, async () => {
      const answers = await known();
      await keptAgain();
      await sql(`UPDATE log_states SET ${set}`);
      expect(await restarted())
        .to.contain('the whole log is read')
        .and.not.contain(TAKEN_UP);
      expect(await known()).to.deep.equal(answers);
    });
  }

  it('is made again when it is missing', async () => {
    await sql('DELETE FROM log_states');
    await restarted();
    const made = await kept();
    expect(made.position).to.be.at.least(2 * PAIRS);
  });
});
