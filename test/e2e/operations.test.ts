import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { CLONE } from '#test/support/clone.js';
import { markedBlock } from '#test/support/documents.js';
import { makeNetwork } from '#test/support/set-up.js';
import { type Ran, type RunningStack, run, startStack } from '#test/support/stack.js';
import { waitFor } from '#test/support/wait.js';

const RULE = ['dev', '--from', 'web', '--to', 'api', '--port', '8080'] as const;

describe('docs/operations.md, followed as printed', function () {
  this.timeout(90_000);
  let stack: RunningStack;
  const folder = mkdtempSync(join(tmpdir(), 'gs-operations-'));

  const follow = async (title: string): Promise<Ran> => {
    const ran = await run('sh', ['-c', `set -eux\n${markedBlock('operations.md', `operations: ${title}`)}`], {
      PATH: `${join(CLONE, 'bin')}:${process.env.PATH}`,
      GLOBALSTACKS_HOME: stack.home,
      BACKUP: join(folder, 'backup'),
    }).ended;
    expect(ran.code, `${ran.stdout}${ran.stderr}`).to.equal(0);
    return ran;
  };
  const status = async () => (await stack.json(['network', 'status', 'dev'])) as { readonly status: string };
  const isSaid = (word: string) => waitFor(`the network is ${word}`, async () => (await status()).status === word);
  const addAlias = (name: string) => stack.gstacks('network', 'alias', 'add', 'dev', 'sbx-api', name, '--port', '9090');

  async function withStackStopped(work: () => Promise<unknown>): Promise<void> {
    const { home } = stack;
    expect(await stack.stop()).to.equal(0);
    await work();
    stack = await startStack({ sandboxes: 'static', home });
  }

  before(async function () {
    this.timeout(150_000);
    stack = await startStack({ sandboxes: 'static' });
    await makeNetwork(stack, 'dev', { 'sbx-web': 'web:8080', 'sbx-api': 'api:8080' });
    await stack.json(['network', 'policy', 'allow', ...RULE, '--wait']);
  });

  after(async () => {
    await stack?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  it('backs up and restores, and is told that agents are ahead', async () => {
    await withStackStopped(() => follow('backup, with the stack stopped'));
    await stack.json(['network', 'alias', 'add', 'dev', 'sbx-api', 'later', '--port', '9090', '--wait']);
    await withStackStopped(() => follow('restore, with the stack stopped'));
    await isSaid('EPOCH_REGRESSED');
    const { stdout } = await follow('look');
    expect(stdout)
      .to.match(/dev +EPOCH_REGRESSED/)
      .and.match(/FAILED +host-b/);
    const readiness = await fetch(`${stack.url}/readyz`);
    expect(readiness.status).to.equal(200);
    const { details } = (await readiness.json()) as { details: { epoch: object } };
    expect(details.epoch).to.include({ networksThatWaitForANewEpoch: 1, databaseIsOlderThanKeys: true });
    expect(await (await fetch(`${stack.url}/metrics`)).text()).to.match(/^gs_regressed_networks 1$/m);
    expect((await addAlias('more')).stderr).to.contain('EPOCH_REGRESSED');
  });

  it('has nothing to decide when the newer copy is put back', async () => {
    const { home } = stack;
    const older = join(folder, 'older');
    await withStackStopped(async () => {
      await run('mv', [join(home, 'postgres'), older]).ended;
      await run('mv', [join(home, 'postgres.replaced'), join(home, 'postgres')]).ended;
    });
    await isSaid('SYNCED');
    expect((await addAlias('more')).code).to.equal(0);
    // Back to the state in which an operator has to decide.
    await withStackStopped(() => follow('restore, with the stack stopped'));
    expect(existsSync(join(home, 'postgres.replaced'))).to.equal(true);
    await isSaid('EPOCH_REGRESSED');
  });

  it('comes out by a new epoch, with the denial that was written before', async () => {
    const { stdout } = await follow('decide');
    expect(stdout)
      .to.match(/no longer allowed +sandbox:sbx-web -> api:8080/)
      .and.match(/epoch 2 started/);
    expect(stdout).to.match(/dev +version \d+ +applied by 2 of 2/);
    expect((await addAlias('again')).code).to.equal(0);
  });
});
