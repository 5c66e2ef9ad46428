import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { TestControlPlane } from '#test/integration/control-plane/setup.js';
import { query } from '#test/support/postgres.js';
import { Gstacks, words } from './gstacks.js';

describe('cli: the log is verified and exported, and a network is reverted', function () {
  this.timeout(60_000);
  let controlPlane: TestControlPlane;
  let gstacks: Gstacks;

  const run = (line: string, isOffline = false) =>
    gstacks.run(words(line), {
      env: isOffline ? {} : { GLOBALSTACKS_URL: controlPlane.url, GLOBALSTACKS_TOKEN: controlPlane.adminToken },
    });
  const file = (name: string) => join(gstacks.folder, name);

  before(async () => {
    gstacks = await Gstacks.create();
    controlPlane = await TestControlPlane.start();
    await controlPlane.agent('host-a', ['sbx-api']);
    await controlPlane.call('POST', '/v1/networks', { name: 'dev' });
    await controlPlane.call('POST', '/v1/networks/dev/attachments', {
      sandboxId: 'sbx-api',
      alias: 'api',
      ports: ['80'],
    });
    await controlPlane.call('POST', '/v1/networks/dev/rules', { effect: 'allow', from: 'local', to: 'api', port: 80 });
  });
  after(async () => {
    await controlPlane.end();
    await gstacks.remove();
  });

  it('exports into a file for its owner alone, which is checked without a control plane', async () => {
    const { stdout, exitCode } = await run('audit export log.jsonl');
    expect([exitCode, stdout]).to.deep.equal([
      0,
      stdout.match(/^log.jsonl: \d+ events, and their signed head\n$/)?.[0],
    ]);
    expect(statSync(file('log.jsonl')).mode & 0o777).to.equal(0o600);
    writeFileSync(file('audit.pem'), (await run('audit key')).stdout);
    const checked = await run('audit verify --file log.jsonl --key audit.pem', true);
    expect(checked.stderr).to.equal('');
    expect(checked.stdout).to.match(
      /^log.jsonl is intact: \d+ events, none changed or missing\nsigned head: event \d+ of/,
    );
    expect(checked.exitCode).to.equal(0);
    const piped = await run('audit export');
    expect(piped.stdout.split('\n').slice(0, -2)).to.deep.equal(
      readFileSync(file('log.jsonl'), 'utf8').split('\n').slice(0, -2),
    );
  });

  it('names the first event of a file that is not as it was exported', async () => {
    const text = readFileSync(file('log.jsonl'), 'utf8');
    writeFileSync(file('changed.jsonl'), text.replace('"actor":"user:', '"actor":"usex:'));
    writeFileSync(file('cut.jsonl'), text.split('\n').slice(0, 2).join('\n'));
    const changed = await run('audit verify --file changed.jsonl --key audit.pem', true);
    expect(changed.stdout).to.match(
      /^changed.jsonl is broken at event \d+: \w+ of \S+ does not match its hash: it was changed \(CHANGED\)/,
    );
    expect(changed.exitCode).to.equal(1);
    const cut = JSON.parse((await run('audit verify --file cut.jsonl --key audit.pem --json', true)).stdout);
    expect(cut).to.deep.include({ intact: false }).and.to.have.nested.property('broken.problem', 'HEAD_MISSING');
  });

  it('says what is wrong with a file or key that cannot be read', async () => {
    const absent = await run('audit verify --file absent.jsonl --key audit.pem', true);
    expect([absent.exitCode, absent.stderr]).to.deep.equal([
      2,
      absent.stderr.match(/^error: absent.*FILE_UNREADABLE.*\n.*\n$/)?.[0],
    ]);
    const noKey = await run('audit verify --file log.jsonl --key log.jsonl', true);
    expect(noKey.stderr).to.include('PUBLIC_KEY_INVALID').and.to.include('gstacks audit key');
  });

  it('reverts a network after it said what changes, and without a terminal only with --yes', async () => {
    const unasked = await run('network revert dev --to 3');
    expect(unasked.stdout).to.include('- deny   local -> api:80');
    expect(unasked.stderr).to.include('NOT_CONFIRMED').and.to.include('try: gstacks network revert dev --to 3 --yes');
    expect(unasked.exitCode).to.equal(2);
    const done = await run('network revert dev --to 3 --yes');
    expect(done.stdout).to.include('dev is as it was at version 3 (version 5)\n  remove rule-');
    expect(done.exitCode).to.equal(0);
    const again = await run('network revert dev --to 3 --yes');
    expect([again.exitCode, again.stdout]).to.deep.equal([0, 'already so since version 5\n']);
  });

  it('verifies the log of the control plane, and writes no export of one that is broken', async () => {
    const whole = await run('audit verify');
    expect(whole.stdout).to.match(/^the log is intact: \d+ events, none changed or missing\nsigned head: event/);
    expect(whole.exitCode).to.equal(0);
    await query(
      controlPlane.databaseUrl,
      `ALTER TABLE events DISABLE TRIGGER ALL; UPDATE events SET actor = 'user:eve' WHERE position = 3`,
    );
    const broken = await run('audit verify');
    expect(broken.stdout).to.match(/^the log is broken at event 3: .* \(CHANGED\)\n {2}try: /);
    expect(broken.exitCode).to.equal(1);
    const refused = await run('audit export broken.jsonl');
    expect(refused.stderr)
      .to.include('EXPORT_BROKEN')
      .and.to.include('try: see what is wrong with the log: gstacks audit');
    expect(refused.exitCode).to.equal(1);
    expect(readdirSync(gstacks.folder).filter((name) => name.startsWith('broken'))).to.deep.equal([]);
  });
});
