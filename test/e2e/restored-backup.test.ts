import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { curl, expectReset } from '#test/support/sandboxes.js';
import { makeNetwork } from '#test/support/set-up.js';
import { type RunningStack, ran, startStack } from '#test/support/stack.js';
import { waitFor } from '#test/support/wait.js';

const API = 'http://api.dev.gstacks:8080/';
const RULE = ['dev', '--from', 'web', '--to', 'api', '--port', '8080'] as const;

interface Status {
  readonly status: string;
  readonly version: number;
}

/** Including the owner: Postgres runs as another user than root. */
async function copied(from: string, to: string): Promise<void> {
  const { code, stderr } = await ran('cp', ['-a', from, to]);
  expect(code, stderr).to.equal(0);
}

/** A stack whose database was restored from an older copy while its agents kept running. */
describe('a database that was restored from an older copy', function () {
  this.timeout(60_000);
  let stack: RunningStack;
  const folder = mkdtempSync(join(tmpdir(), 'gs-backup-'));
  const copy = join(folder, 'postgres');

  const status = async () => (await stack.json(['network', 'status', 'dev'])) as Status;
  const alias = (name: string) => stack.gstacks('network', 'alias', 'add', 'dev', 'sbx-api', name, '--port', '9090');

  async function withStackStopped(work: (postgres: string) => Promise<unknown>): Promise<void> {
    const { home } = stack;
    expect(await stack.stop()).to.equal(0);
    await work(join(home, 'postgres'));
    stack = await startStack({ sandboxes: 'netns', home });
  }

  before(async function () {
    this.timeout(300_000);
    stack = await startStack({ sandboxes: 'netns' });
    await makeNetwork(stack, 'dev', { 'sbx-web': 'web:8080', 'sbx-api': 'api:8080' });
    await stack.json(['network', 'policy', 'allow', ...RULE, '--wait']);
    await withStackStopped((postgres) => copied(postgres, copy));
    for (let count = 1; count <= 6; count += 1) expect((await alias(`later-${count}`)).code).to.equal(0);
    await waitFor('everything is applied', async () => (await status()).status === 'SYNCED');
    await withStackStopped((postgres) => {
      rmSync(postgres, { recursive: true });
      return copied(copy, postgres);
    });
    await waitFor('it is noticed', async () => (await status()).status === 'EPOCH_REGRESSED');
  });

  after(async () => {
    await stack?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  it('refuses what would give, and names the way out', async () => {
    const { code, stderr } = await alias('more');
    expect(code).to.equal(2);
    expect(stderr).to.include('EPOCH_REGRESSED').and.include('gstacks admin new-epoch');
  });

  it('writes a denial, and does not say that it is applied while the connection still works', async () => {
    const denied = await stack.gstacks('network', 'policy', 'deny', ...RULE, '--wait=3');
    expect(denied.code, denied.stdout + denied.stderr).to.equal(5);
    expect(denied.stdout).not.to.match(/applied by 2\/2/);
    expect(denied.stdout + denied.stderr).to.include('EPOCH_REGRESSED');
    // The agents' versions still allow it, and no status says otherwise.
    expect((await curl(stack, 'sbx-web', API)).stdout).to.include('sbx-api');
    expect((await status()).status).to.equal('EPOCH_REGRESSED');
    const test = await stack.gstacks('network', 'test', 'dev', 'web', 'api:8080', '--expect', 'deny');
    expect(test.code, test.stdout).to.equal(5);
  });

  it('is not forgotten when the control plane is killed', async () => {
    const before = stack.pid('control-plane');
    process.kill(before, 'SIGKILL');
    await waitFor(
      'the control plane is back',
      async () => {
        if (!existsSync(join(stack.home, 'run', 'control-plane.pid')) || stack.pid('control-plane') === before)
          return false;
        const { code, stdout } = await stack.gstacks('network', 'status', 'dev', '--json');
        return code === 0 && JSON.parse(stdout).status === 'EPOCH_REGRESSED';
      },
      30_000,
    );
    expect((await alias('more')).code).to.equal(2);
  });

  it('is decided by an operator, who sees first what changes: then the denial is in force', async () => {
    const unasked = await stack.gstacks('admin', 'new-epoch');
    expect(unasked.code).to.equal(2);
    expect(unasked.stderr).to.include('gstacks admin new-epoch --yes');
    expect((await status()).status).to.equal('EPOCH_REGRESSED');
    const decided = await stack.gstacks('admin', 'new-epoch', '--yes');
    expect(decided.code, decided.stdout + decided.stderr).to.equal(0);
    expect(decided.stdout).to.include('no longer allowed  sandbox:sbx-web -> api:8080');
    expect(decided.stdout).to.include('epoch 2 started').and.include('dev: 2 agents follow it');
    expect((await status()).status).to.equal('SYNCED');
    expectReset(await curl(stack, 'sbx-web', API));
    expect((await alias('more')).code).to.equal(0);
  });
});
