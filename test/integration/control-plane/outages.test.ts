import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { examineHttp } from '#apps/control-plane/maintenance/doctor.js';
import { migrate } from '#migrations/index.js';
import { query, startTestPostgres, type TestPostgres } from '#test/support/postgres.js';
import { waitFor } from '#test/support/wait.js';
import { callApi } from './api.js';
import { TestControlPlane } from './setup.js';

describe('a control plane that loses what it stands on', () => {
  let controlPlane: TestControlPlane;
  let postgres: TestPostgres;
  let rules = 0;

  before(async () => {
    postgres = await startTestPostgres();
    await query(postgres.url('postgres'), 'CREATE DATABASE outage');
    await migrate(postgres.url('outage'));
    controlPlane = await TestControlPlane.start({
      GLOBALSTACKS_DATABASE_URL: postgres.url('outage'),
      GLOBALSTACKS_STORE_TIMEOUT_SECONDS: '2',
    });
    await controlPlane.agent('host-a', ['sbx-api']);
    await controlPlane.call('POST', '/v1/networks', { name: 'dev' });
    const attachment = { sandboxId: 'sbx-api', alias: 'api', ports: ['8080'] };
    await controlPlane.call('POST', '/v1/networks/dev/attachments', attachment);
  });

  after(async () => {
    await controlPlane.end();
    await postgres.stop();
  });

  function addRule(headers: Record<string, string> = {}) {
    rules += 1;
    const body = { effect: 'deny', from: 'any', to: 'api', port: 10_000 + rules };
    return controlPlane.call('POST', '/v1/networks/dev/rules', body, headers);
  }

  /** Which part is away, and since when: the same at each question. */
  async function unready(detail: RegExp): Promise<void> {
    const answers = [
      await callApi(controlPlane.url, 'GET', '/readyz'),
      await callApi(controlPlane.url, 'GET', '/readyz'),
    ];
    expect(answers.map(({ status, body }) => [status, body.code])).to.deep.equal([
      [503, 'NOT_READY'],
      [503, 'NOT_READY'],
    ]);
    expect(answers[0]?.body.detail).to.match(detail).and.equal(answers[1]?.body.detail);
  }

  it('answers STORE_UNAVAILABLE while Postgres is away, and goes on when it is back', async () => {
    await postgres.kill();
    const away = await addRule();
    expect([away.status, away.body.code]).to.deep.equal([503, 'STORE_UNAVAILABLE']);
    expect(away.headers.get('retry-after')).to.equal('1');
    expect(away.text).to.not.include('postgres').and.not.include('127.0.0.1');
    expect((await callApi(controlPlane.url, 'GET', '/healthz')).status).to.equal(200);
    await unready(/^the control plane is not ready: store: the database does not answer since \S+Z or earlier$/);
    const agent = controlPlane.agents[0];
    expect((await agent?.contact('heartbeat'))?.networks).to.have.length(1);

    await postgres.start();
    const key = { 'idempotency-key': randomUUID() };
    const back = await waitFor(
      'a command is taken again',
      async () => {
        const answer = await controlPlane.call(
          'POST',
          '/v1/networks/dev/rules',
          { effect: 'allow', from: 'local', to: 'api', port: 8080 },
          key,
        );
        return answer.status === 201 && answer;
      },
      30_000,
    );
    const proof = await controlPlane.call('GET', `/v1/networks/dev/applied/${back.body.version}?waitSeconds=20`);
    expect(proof.body).to.include({ confirmed: 1, expected: 1 });
    const rows = await query(
      postgres.url('outage'),
      'SELECT count(*)::integer AS count FROM commands WHERE command_id = $1',
      [key['idempotency-key']],
    );
    expect(rows).to.deep.equal([{ count: 1 }]);
  });

  it('takes commands while the bus is away, and brings them to agents when it is back', async () => {
    await controlPlane.nats.kill();
    const { status, body } = await addRule();
    expect(status).to.equal(201);
    await unready(/^the control plane is not ready: bus: it is not connected to nats-server since \S+Z or earlier$/);
    const { hostname, port } = new URL(controlPlane.url);
    const found = await examineHttp({ listen: [{ host: hostname, port: Number(port) }] });
    expect(found).to.include({ code: 'HTTP', status: 'fail' });
    expect(found.evidence).to.include('nats-server').and.include('(NOT_READY)');
    await controlPlane.nats.start();
    const proof = await controlPlane.call('GET', `/v1/networks/dev/applied/${body.version}?waitSeconds=20`);
    expect(proof.body).to.include({ confirmed: 1, expected: 1 });
  });

  it('carries on with placements after a restart, each once', async () => {
    const agent = controlPlane.agents[0];
    await controlPlane.call('PATCH', '/v1/sandboxes/sbx-api/labels', { set: { tier: 'one' } });
    await waitFor('the label is copied', async () => {
      const { body } = await controlPlane.call('GET', '/v1/networks/dev/attachments?label=tier');
      return (body.items as unknown[]).length === 1;
    });
    const copies = () =>
      query(
        postgres.url('outage'),
        "SELECT count(*)::integer AS count FROM events WHERE type = 'SandboxLabelsChanged'",
      );
    const before = await copies();
    await controlPlane.stop();
    await query(postgres.url('outage'), 'UPDATE process_cursors SET position = 0');
    await controlPlane.startAgain();
    await agent?.contact('hello');
    await controlPlane.call('PATCH', '/v1/sandboxes/sbx-api/labels', { set: { zone: 'two' } });
    await waitFor('the next label is copied', async () => {
      const { body } = await controlPlane.call('GET', '/v1/networks/dev/attachments?label=zone');
      return (body.items as unknown[]).length === 1;
    });
    expect(before).to.deep.equal([{ count: 1 }]);
    expect(await copies()).to.deep.equal([{ count: 2 }]);
  });

  it('sends an agent what it lacks though the database was away when its version was first looked up', async () => {
    const [hostA] = controlPlane.agents;
    const hostB = await controlPlane.agent('host-b', ['sbx-web']);
    await controlPlane.call('POST', '/v1/networks/dev/attachments', { sandboxId: 'sbx-web' });
    const common = Number((await addRule()).body.version);
    const agents = [hostA, hostB].flatMap((agent) => (agent === undefined ? [] : [agent]));
    const holds = (version: number) =>
      waitFor('both hold it', () => agents.every((agent) => [...agent.held.values()][0]?.version === version));
    await holds(common);
    for (const agent of agents) agent.onTopology = async () => {};
    await addRule();
    const newest = Number((await addRule()).body.version);
    // After a restart the control plane remembers only the newest version.
    await controlPlane.stop();
    await controlPlane.startAgain();
    await postgres.kill();
    for (const agent of agents) {
      agent.onTopology = (_, message) => agent.acknowledge(message);
      await agent.contact('heartbeat');
    }
    await waitFor('both look-ups have failed', () => {
      const failed = controlPlane.log.filter((line) =>
        line.includes(
          'the version that the agent holds could not be compared with the log; it is tried again at the next heartbeat',
        ),
      );
      return failed.length >= agents.length;
    });
    await postgres.start();
    // The first look-up that succeeds serves both.
    for (const agent of agents.toReversed()) {
      await waitFor('it holds the newest version', async () => {
        await agent.contact('heartbeat');
        return [...agent.held.values()][0]?.version === newest;
      });
    }
    await controlPlane.call('DELETE', '/v1/agents/host-b');
    await controlPlane.call('DELETE', '/v1/networks/dev/attachments/sbx-web');
  });

  it('ends in time while requests wait', async () => {
    const { body } = await addRule();
    controlPlane.agents[0]?.stop();
    const next = await addRule();
    expect(next.body.version).to.equal(Number(body.version) + 1);
    const waiting = controlPlane.call('GET', `/v1/networks/dev/applied/${next.body.version}?waitSeconds=60`);
    await waitFor('the request waits', async () =>
      (await callApi(controlPlane.url, 'GET', '/metrics')).text.includes('gs_applied_waits 1'),
    );
    const started = performance.now();
    const [answer] = await Promise.all([waiting, controlPlane.stop()]);
    expect(performance.now() - started).to.be.lessThan(2_500);
    expect(answer.body).to.include({ confirmed: 0, expected: 1 });
  });
});
