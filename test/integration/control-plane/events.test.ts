import { expect } from 'chai';
import { query } from '#test/support/postgres.js';
import { Browser } from './browser.js';
import { EventReader } from './event-reader.js';
import { TestControlPlane } from './setup.js';

describe('the stream of events', () => {
  let controlPlane: TestControlPlane;
  const readers: EventReader[] = [];

  before(async () => {
    controlPlane = await TestControlPlane.start();
  });

  afterEach(() => {
    for (const reader of readers.splice(0)) reader.close();
    controlPlane.clockAheadMs = 0;
  });

  after(() => controlPlane.end());

  async function read(lastEventId = '', headers = bearer()): Promise<EventReader> {
    const resume: Record<string, string> = lastEventId === '' ? {} : { 'last-event-id': lastEventId };
    const reader = await EventReader.open(controlPlane.url, { ...headers, ...resume });
    readers.push(reader);
    if (reader.status === 200) await reader.until('hello', ({ events }) => events.length > 0);
    return reader;
  }

  const bearer = (token = controlPlane.adminToken): Record<string, string> => ({ authorization: `Bearer ${token}` });

  async function create(name: string): Promise<void> {
    const { status } = await controlPlane.call('POST', '/v1/networks', { name });
    expect(status).to.equal(201);
  }

  const names = (reader: EventReader) => reader.of('network').map(({ data }) => data.network);

  it('begins with where the log is, and tells each change in words', async () => {
    const reader = await read();
    const [hello] = reader.events;
    expect(hello).to.deep.include({ event: 'hello' });
    expect(hello?.data).to.include({ resumed: false, heartbeatSeconds: 5 });
    await create('dev');
    await controlPlane.agent('host-a', ['sbx-api']);
    const attach = { sandboxId: 'sbx-api', alias: 'api', ports: ['8080'] };
    await controlPlane.call('POST', '/v1/networks/dev/attachments', attach);
    const rule = { effect: 'deny', from: 'label:tier=web', to: 'api', port: 8080 };
    await controlPlane.call('POST', '/v1/networks/dev/rules', rule);
    await reader.until('the rule', () => reader.of('network').length >= 4);
    expect(reader.of('network').map(({ data: { type, version, summary } }) => [type, version, summary])).to.deep.equal([
      ['NetworkCreated', 1, 'created'],
      ['SandboxAttached', 2, 'attach sbx-api on host-a'],
      ['AliasPublished', 3, 'publish api by sbx-api on 8080'],
      ['PolicyRuleAdded', 4, 'deny label:tier=web to api:8080'],
    ]);
    const [last] = reader.of('network').slice(-1);
    expect(last?.data).to.include({ network: 'dev', actor: 'user:admin', alias: 'api' });
    expect(last?.id).to.match(new RegExp(`^${String(last?.data.position)}-[0-9a-f]{12}$`));
    expect(reader.of('agent').map(({ data }) => data.summary)).to.deep.equal(['host-a: enrolled']);
    expect(reader.of('sandbox').map(({ data }) => data.summary)).to.include('sbx-api: placed');
    const keys = JSON.stringify(reader.of('agent'));
    expect(keys).to.not.match(/nkey|Thumbprint/);
  });

  it('tells who has applied what, and who is silent, without the log saying so', async () => {
    const [agent] = controlPlane.agents;
    const reader = await read();
    const rule = { effect: 'allow', from: 'any', to: 'api', port: 8080 };
    const { body } = await controlPlane.call('POST', '/v1/networks/dev/rules', rule);
    const states = () => reader.of('network-state').map(({ data }) => data);
    const settled = () => states().find(({ version, status }) => version === body.version && status === 'SYNCED');
    await reader.until('applied by all', () => settled() !== undefined);
    expect(settled()?.applied).to.deep.include({ confirmed: 1, expected: 1, missing: [], flowsCut: 0 });
    agent?.stop();
    const { body: denial } = await controlPlane.call('POST', '/v1/networks/dev/rules', { ...rule, effect: 'deny' });
    const missing = () => states().find(({ version }) => version === denial.version)?.applied as object | undefined;
    await reader.until('one is missing', () => missing() !== undefined);
    expect(missing()).to.deep.include({ confirmed: 0, expected: 1 });
    expect(JSON.stringify(missing())).to.include('"agentId":"host-a","status":"PENDING"');
    controlPlane.clockAheadMs = 20_000;
    const isSilent = () => reader.of('agent-state').some(({ data }) => data.status === 'OFFLINE');
    await reader.until('the agent is offline', isSilent);
    controlPlane.clockAheadMs = 0;
    agent?.goOn();
    await agent?.contact('heartbeat');
    const isBack = () => states().some(({ version, status }) => version === denial.version && status === 'SYNCED');
    await reader.until('the agent goes on', isBack);
    await agent?.report([]);
    const told = () => reader.of('sandbox-state').flatMap(({ data }) => data.sandboxIds);
    await reader.until('the report', () => told().includes('sbx-api'));
    await agent?.contact('heartbeat');
    const contacts = () => reader.of('heartbeat').flatMap(({ data }) => data.contacts as { agentId: string }[]);
    await reader.until('a heartbeat', () => contacts().some(({ agentId }) => agentId === 'host-a'));
  });

  it('is of one mind with what can be asked: the last change, how far it is applied, and what changed since', async () => {
    const { body: dev } = await controlPlane.call('GET', '/v1/networks/dev');
    expect(dev.lastChange).to.include({ version: 6, type: 'PolicyRuleAdded', summary: 'deny any to api:8080' });
    expect(dev.applied).to.deep.include({ confirmed: 1, expected: 1, missing: [], flowsCut: 0 });
    expect((dev.applied as { elapsedMs: number }).elapsedMs).to.be.greaterThan(0);
    const status = await controlPlane.call('GET', '/v1/networks/dev/status');
    const [agent] = status.body.agents as { flowsCut: number; tookMs: number }[];
    expect(agent).to.include({ flowsCut: 0, tookMs: (dev.applied as { elapsedMs: number }).elapsedMs });
    const changes = await controlPlane.call('GET', '/v1/networks/dev/changes?after=4');
    const items = changes.body.items as { version: number; summary: string; takesAway: boolean }[];
    expect(items.map(({ version, summary, takesAway }) => [version, summary, takesAway])).to.deep.equal([
      [5, 'allow any to api:8080', false],
      [6, 'deny any to api:8080', true],
    ]);
    const last = await controlPlane.call('GET', '/v1/networks/dev/changes?after=2&limit=1');
    expect([(last.body.items as object[]).length, last.body.leftOut]).to.deep.equal([1, 3]);
  });

  it('goes on after a restart where a reader was, without loss and without doubles', async () => {
    const first = await read();
    await create('one');
    await first.until('one', () => names(first).includes('one'));
    const { lastEventId } = first;
    await create('two');
    await first.until('two', () => names(first).includes('two'));
    await controlPlane.stop();
    await first.until('the end', ({ isEnded }) => isEnded);
    await controlPlane.startAgain();
    await create('three');
    const again = await read(lastEventId);
    expect(again.events[0]?.data).to.include({ resumed: true });
    await create('four');
    await again.until('four', () => names(again).includes('four'));
    expect(names(again)).to.deep.equal(['two', 'three', 'four']);
    const positions = again.events.flatMap(({ id }) => (id === null ? [] : Number.parseInt(id, 10)));
    expect(positions).to.deep.equal([...new Set(positions)].sort((a, b) => a - b));
    const upToDate = await read(again.lastEventId);
    await create('five');
    await upToDate.until('five', () => names(upToDate).includes('five'));
    expect(names(upToDate)).to.deep.equal(['five']);
  });

  it('loses and doubles nothing for readers that come while much is written', async () => {
    const whole = await read();
    await whole.until('where it is', ({ lastEventId }) => lastEventId !== '');
    const written = Promise.all(Array.from({ length: 40 }, (_, index) => create(`busy-${index}`)));
    const late: { readonly from: string; readonly reader: EventReader }[] = [];
    for (let come = 0; come < 10; come += 1) {
      const from = whole.lastEventId;
      late.push({ from, reader: await read(from) });
    }
    await written;
    await whole.until('all', () => names(whole).length === 40);
    const ids = ({ events }: EventReader) => events.flatMap(({ event, id }) => (event === 'network' ? [id] : []));
    for (const { from, reader } of late) {
      // A reader that came after the last write gets no event, and keeps its id.
      await reader.until('the last', () => (reader.lastEventId || from) === whole.lastEventId);
      expect(ids(reader)).to.deep.equal(ids(whole).slice(ids(whole).indexOf(from) + 1));
    }
  });

  const gaps: readonly (readonly [string, (position: number) => string, string])[] = [
    ['is of another history', (position) => `${position}-ffffffffffff`, 'ANOTHER_HISTORY'],
    ['is ahead of the log', (position) => `${position + 1_000}-ffffffffffff`, 'ANOTHER_HISTORY'],
    ['is none', () => 'nonsense', 'ANOTHER_HISTORY'],
  ];
  for (const [what, id, reason] of gaps) {
    it(`says that there is a gap to whoever comes with an id that ${what}`, async () => {
      const known = await read();
      const reader = await read(id(Number(known.events[0]?.data.position)));
      await reader.until('resync', () => reader.of('resync').length > 0);
      expect(reader.events[0]?.data).to.include({ resumed: false });
      expect(reader.of('resync')[0]?.data).to.include({ reason });
      await create(`gap-${what.replaceAll(' ', '-')}`);
      await reader.until('what comes', () => names(reader).length === 1);
    });
  }

  it('ends with its session and with its token, and is opened by no other page', async () => {
    const { body } = await controlPlane.call('POST', '/v1/tokens', { user: 'eve', role: 'viewer' });
    const browser = await Browser.signIn(controlPlane.url, { token: String(body.token) });
    const byCookie = await read('', { cookie: browser.cookie, 'sec-fetch-site': 'same-origin' });
    const byToken = await read('', bearer(String(body.token)));
    const foreign = { cookie: browser.cookie, origin: 'https://example.com', 'sec-fetch-site': 'cross-site' };
    expect((await read('', foreign)).status).to.equal(403);
    await browser.call('DELETE', '/v1/session');
    await byCookie.until('the end', ({ isEnded }) => isEnded);
    expect(byToken.isEnded).to.equal(false);
    await controlPlane.call('DELETE', `/v1/tokens/${String(body.id)}`);
    await byToken.until('the end', ({ isEnded }) => isEnded);
    expect((await read('', bearer(String(body.token)))).status).to.equal(401);
  });

  it('tells readers to ask anew when a new epoch begins', async () => {
    const reader = await read();
    await query(
      controlPlane.databaseUrl,
      "INSERT INTO store_epochs (counter, id, started_by) VALUES (2, 'e2', 'test')",
    );
    await reader.until('resync', () => reader.of('resync').some(({ data }) => data.reason === 'NEW_EPOCH'));
    expect((await read()).events[0]?.data.epoch).to.deep.equal({ counter: 2, id: 'e2' });
  });

  it('answers a request for its head alone, and keeps nothing open for that', async () => {
    const head = await controlPlane.call('HEAD', '/v1/events');
    expect([head.status, head.headers.get('content-type')]).to.deep.equal([200, 'text/event-stream; charset=utf-8']);
  });

  it('ends with a session that expires meanwhile', async () => {
    const browser = await Browser.signIn(controlPlane.url, { token: controlPlane.adminToken });
    const reader = await read('', { cookie: browser.cookie });
    controlPlane.clockAheadMs = 13 * 3_600_000;
    await reader.until('the end', ({ isEnded }) => isEnded);
  });
});
