import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { migrate } from '#migrations/index.js';
import { query, startTestPostgres, type TestPostgres } from '#test/support/postgres.js';
import { SmallDisk } from '#test/support/small-disk.js';
import { waitFor } from '#test/support/wait.js';
import { callApi } from './api.js';
import { TestControlPlane } from './setup.js';

describe('a control plane whose database has no room left', () => {
  let folder: string;
  let disk: SmallDisk;
  let postgres: TestPostgres;
  let controlPlane: TestControlPlane;
  let rules = 0;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gs-full-'));
    disk = new SmallDisk(join(folder, 'disk'), 128 * 1_024);
    postgres = await startTestPostgres([], disk.folder);
    await migrate(postgres.url('postgres'));
    controlPlane = await TestControlPlane.start({ GLOBALSTACKS_DATABASE_URL: postgres.url('postgres') });
    await controlPlane.agent('host-a', ['sbx-api']);
    await controlPlane.call('POST', '/v1/networks', { name: 'dev' });
    const attachment = { sandboxId: 'sbx-api', alias: 'api', ports: ['8080'] };
    await controlPlane.call('POST', '/v1/networks/dev/attachments', attachment);
  });

  after(async () => {
    await controlPlane?.end();
    await postgres?.stop().catch(() => {});
    disk.unmount();
    rmSync(folder, { recursive: true, force: true });
  });

  function addRule() {
    rules += 1;
    const body = { effect: 'deny', from: 'any', to: 'api', port: 10_000 + rules };
    return controlPlane.call('POST', '/v1/networks/dev/rules', body);
  }

  const readyz = () => callApi(controlPlane.url, 'GET', '/readyz');

  it('says STORE_FULL at once, and what to do; reads on; and writes again by itself when there is room', async () => {
    disk.fill();
    let written = 0;
    const refused = await waitFor('a write is refused', async () => {
      const begun = performance.now();
      const answer = await addRule();
      if (answer.status === 201) written += 1;
      return answer.status !== 201 && { ...answer, tookMs: performance.now() - begun };
    });
    expect([refused.status, refused.body.code]).to.deep.equal([503, 'STORE_FULL']);
    expect(refused.body.detail).to.equal('the disk of the database is full; nothing was written');
    expect(refused.body.remedy).to.match(/^free space on the disk of Postgres/);
    expect(refused.headers.get('retry-after')).to.equal('1');
    expect(refused.tookMs).to.be.lessThan(2_000);
    expect(refused.text).to.not.include('base/').and.not.include(disk.folder);

    const unready = await readyz();
    expect([unready.status, unready.body.code, unready.body.remedy]).to.deep.equal([
      503,
      'STORE_FULL',
      refused.body.remedy,
    ]);
    // Other writes, such as tokens, are refused for the same reason, or have found free space.
    const tokens = await Promise.all(
      Array.from({ length: 120 }, () => controlPlane.call('POST', '/v1/tokens', { user: 'kim', role: 'viewer' })),
    );
    const answers = new Set(tokens.map(({ status, body }) => (status === 201 ? 'done' : `${status} ${body.code}`)));
    expect([...answers]).to.include('503 STORE_FULL');
    expect([...answers].filter((answer) => !['done', '503 STORE_FULL'].includes(answer))).to.deep.equal([]);
    expect((await controlPlane.call('GET', '/v1/networks/dev/rules')).status).to.equal(200);
    const said = controlPlane.log.filter((line) => JSON.parse(line).message === 'the disk of the database is full');
    expect(said).to.have.length(1);

    disk.free();
    await waitFor('it is ready again', async () => (await readyz()).status === 200);
    expect((await addRule()).status).to.equal(201);
    const rows = await query(
      postgres.url('postgres'),
      "SELECT count(*)::integer AS count FROM events WHERE type = 'PolicyRuleAdded'",
    );
    expect(rows).to.deep.equal([{ count: written + 1 }]);
  });
});
