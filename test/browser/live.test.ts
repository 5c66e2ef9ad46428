import { expect } from 'chai';
import type { Locator, Page } from 'playwright-core';
import { consoleBrowser } from '#test/support/console-browser.js';
import { look } from '#test/support/console-look.js';
import { makeNetwork } from '#test/support/set-up.js';
import { stopProcesses } from '#test/support/stopped.js';
import { waitFor } from '#test/support/wait.js';

describe('an open page of the console', function () {
  this.timeout(90_000);
  const at = consoleBrowser();
  let page: Page;

  before(async () => {
    const { stack, signedIn } = at();
    await makeNetwork(stack, 'dev', { 'sbx-web': 'web:8080', 'sbx-api': 'api:8080' });
    page = await signedIn('/networks/dev');
    await statusLine().getByText('live', { exact: true }).waitFor();
  });

  const statusLine = (): Locator => page.locator('footer.status-line');
  const receipt = (): Locator => page.getByRole('region', { name: 'Last change' });
  const rules = (): Locator => page.getByRole('table', { name: 'Rules' });

  it('shows a change that is made at the command line, without being loaded again', async () => {
    const { stack } = at();
    await page.evaluate('window.isTheSamePage = true');
    await stack.json(['network', 'policy', 'allow', 'dev', '--from', 'web', '--to', 'api', '--port', '8080', '--wait']);
    await rules().getByText('api:8080').first().waitFor();
    await receipt().getByText('allow web to api:8080').waitFor();
    await receipt()
      .getByText(/applied by 2\/2 agents/)
      .waitFor();
    expect(await page.evaluate('window.isTheSamePage')).to.equal(true);
  });

  it('is fed by one connection, however many tabs the browser has open', async () => {
    const others = await Promise.all([1, 2].map(() => page.context().newPage()));
    for (const other of others) {
      await other.goto('/networks/dev');
      await other.locator('footer.status-line').getByText('live', { exact: true }).waitFor();
    }
    // A tab that was just closed counts until the control plane has noticed.
    await waitFor('one stream is open', async () => {
      const metrics = await (await fetch(`${at().stack.url}/metrics`)).text();
      return /^gs_event_streams 1$/m.test(metrics);
    });
    for (const other of others) await other.close();
  });

  it('says 1 of 2 and names the other while an agent is stopped, and turns to 2 of 2 when it goes on', async () => {
    const { stack } = at();
    const stopped = stack.pid('agent-host-b');
    await stopProcesses(stopped);
    try {
      await page.goto('/networks/dev/policy?add=deny&from=web&to=api&port=8080');
      const form = page.getByRole('form', { name: 'Add rule' });
      await form.getByText('not known:').waitFor();
      await form.getByRole('button', { name: 'Deny', exact: true }).click();
      await receipt().getByText('1/2', { exact: true }).waitFor();
      await receipt()
        .getByText(/^waiting for host-b$/)
        .waitFor();
      await receipt().getByText('Written, and not proven yet.').waitFor();
      await rules()
        .getByRole('cell', { name: /^Saved in v\d+, 1\/2 applied/ })
        .waitFor();
      await look(page, 'deny-1-of-2', 'Written, and not proven yet.');
    } finally {
      process.kill(stopped, 'SIGCONT');
    }
    await receipt()
      .getByText(/applied by 2\/2 agents in/)
      .waitFor({ timeout: 20_000 });
    await receipt().getByText('waiting for').waitFor({ state: 'detached' });
  });

  it('says that it is not live and how old it is while the control plane is away, and is true afterwards', async () => {
    const { stack } = at();
    await page.goto('/networks/dev');
    await receipt()
      .getByText(/applied by/)
      .first()
      .waitFor();
    await page.evaluate('window.isTheSamePage = true');
    process.kill(stack.pid('control-plane'), 'SIGKILL');
    await statusLine().getByText('not live', { exact: true }).waitFor();
    await page.getByText(/^You see dev as it was at /).waitFor();
    await page.getByText('what holds now is not known').waitFor();
    expect(await page.getByRole('button', { name: 'Add rule' }).isDisabled()).to.equal(true);
    await waitFor(
      'the supervisor has started it again',
      async () => (await stack.gstacks('network', 'list')).code === 0,
      40_000,
    );
    await stack.json([
      'network',
      'policy',
      'allow',
      'dev',
      '--from',
      'local',
      '--to',
      'web',
      '--port',
      '8080',
      '--wait',
    ]);
    await statusLine().getByText('live', { exact: true }).waitFor({ timeout: 20_000 });
    await rules().getByText('web:8080').waitFor();
    await page.getByText(/^live again/).waitFor();
    await receipt()
      .getByText(/applied by 2\/2 agents in/)
      .waitFor({ timeout: 20_000 });
    expect(await page.evaluate('window.isTheSamePage')).to.equal(true);
  });
});
