import { once } from 'node:events';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { expect } from 'chai';
import { proxyAddressAt } from '#test/support/open-connection.js';
import { expectReset } from '#test/support/sandboxes.js';
import { makeNetwork } from '#test/support/set-up.js';
import { sharedStack } from '#test/support/shared-stack.js';
import { type Running, type RunningStack, run } from '#test/support/stack.js';
import { waitFor } from '#test/support/wait.js';

describe('a sandbox that ends on one host and is made on another', function () {
  this.timeout(60_000);
  const at = sharedStack('static', 'direct');
  let stack: RunningStack;
  let files: readonly (readonly [agent: string, text: string])[] = [];
  let web = '';

  before(async () => {
    stack = at();
    const ready: { sandboxes: { id: string; address: string }[] } = JSON.parse(
      readFileSync(join(stack.home, 'ready.json'), 'utf8'),
    );
    web = ready.sandboxes.find(({ id }) => id === 'sbx-web')?.address ?? '';
    files = ['host-a', 'host-b'].map((agent) => [agent, readFileSync(file(agent), 'utf8')]);
    await makeNetwork(stack, 'dev', { 'sbx-web': null, 'sbx-worker': 'worker:9090' });
    const rule = ['--from', 'sandbox:sbx-web', '--to', 'worker', '--port', '9090'];
    await stack.json(['network', 'policy', 'allow', 'dev', ...rule, '--wait']);
  });

  after(async () => {
    for (const [agent, text] of files) writeFileSync(file(agent), text);
    await waitFor('it is back', async () => {
      return ((await stack.json(['sandbox', 'show', 'sbx-worker'])) as { agentId: string }).agentId === 'host-b';
    });
  });

  /** As sbx-web, at the address that its host's DNS gives the name. */
  async function ask(path: string): Promise<Running> {
    const proxy = await proxyAddressAt(stack, 'host-a', 'dev', 'worker');
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

  it('moves back the same way', async () => {
    for (const [agent, text] of files) writeFileSync(file(agent), text);
    await waitFor('its name leads back', async () => (await answer()) === '{"sandbox":"sbx-worker"}\n');
  });

  it('is cut off with its network by a quarantine, proven with the connections cut, and served again after it', async () => {
    const held = await ask('/hold');
    await waitFor('a connection is open', () => held.stdout().includes('held'));
    const { stdout, code } = await stack.gstacks('network', 'quarantine', 'dev', '--wait');
    expect(code, stdout).to.equal(0);
    expect(stdout).to.match(
      /told to stop serving it: host-a, host-b\n(.*\n)*applied by 2\/2 agents in \d+ ms; 1 open connection cut/,
    );
    expectReset(await held.ended);
    expect((await stack.gstacks('network', 'status', 'dev')).stdout).to.include('QUARANTINED');
    await stack.json(['network', 'quarantine', 'dev', '--lift', '--wait']);
    await waitFor('it is served again', async () => (await answer()) === '{"sandbox":"sbx-worker"}\n');
  });
});
