import { once } from 'node:events';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { expect } from 'chai';
import { expectReset } from '#test/support/sandboxes.js';
import { makeNetwork } from '#test/support/set-up.js';
import { type Running, type RunningStack, run, startStack } from '#test/support/stack.js';
import { waitFor } from '#test/support/wait.js';

interface Resolution {
  readonly addresses: readonly { readonly agentId: string; readonly address: string | null }[];
}

describe('a sandbox that ends on one host and is made on another', function () {
  this.timeout(60_000);
  let stack: RunningStack;
  let web = '';

  before(async function () {
    this.timeout(150_000);
    stack = await startStack({ sandboxes: 'static' });
    const ready: { sandboxes: { id: string; address: string }[] } = JSON.parse(
      readFileSync(join(stack.home, 'ready.json'), 'utf8'),
    );
    web = ready.sandboxes.find(({ id }) => id === 'sbx-web')?.address ?? '';
    await makeNetwork(stack, 'dev', { 'sbx-web': null, 'sbx-worker': 'worker:9090' });
    const rule = ['--from', 'sandbox:sbx-web', '--to', 'worker', '--port', '9090'];
    await stack.json(['network', 'policy', 'allow', 'dev', ...rule, '--wait']);
  });

  after(() => stack?.remove());

  /** As sbx-web, by the address that its host gives the name. */
  async function ask(path: string): Promise<Running> {
    const { addresses } = (await stack.json(['network', 'resolve', 'dev', 'worker'])) as Resolution;
    const proxy = addresses.find(({ agentId }) => agentId === 'host-a')?.address;
    return run('curl', ['-sSvN', '--max-time', '20', '--interface', web, `http://${proxy}:9090${path}`]);
  }

  const answer = async (): Promise<string> => (await (await ask('/')).ended).stdout;
  const file = (agent: string) => join(stack.home, 'sandboxes', `${agent}.yaml`);

  it('is a conflict until it has ended; then connections to it are cut, and its name leads to the new place', async () => {
    expect(await answer()).to.equal('{"sandbox":"sbx-worker"}\n');
    const held = await ask('/hold');
    await waitFor('a connection is open', () => held.stdout().includes('held'));
    const made = createServer((_, response) => response.end('made anew\n'));
    const address = web.replace(/\d+$/, '77');
    await once(made.listen(9_090, address), 'listening');
    try {
      appendFileSync(file('host-a'), `- id: sbx-worker\n  address: ${address}\n`);
      await waitFor('the conflict is shown', async () => {
        const { stdout } = await stack.gstacks('network', 'status', 'dev');
        return stdout.includes('agent host-a reports sandbox sbx-worker');
      });
      expect(held.child.exitCode, held.stderr()).to.equal(null);
      const entries = readFileSync(file('host-b'), 'utf8').split(/(?=^- )/m);
      writeFileSync(file('host-b'), entries.filter((entry) => !entry.includes('sbx-worker')).join(''));
      expectReset(await held.ended);
      await waitFor('its name leads to the new place', async () => (await answer()) === 'made anew\n');
      const { stdout } = await stack.gstacks('network', 'status', 'dev');
      expect(stdout).to.match(/sandbox sbx-worker: host-a \(before: host-b\), since version \d+\n(?! +conflict)/);
    } finally {
      made.closeAllConnections();
      made.close();
    }
  });
});
