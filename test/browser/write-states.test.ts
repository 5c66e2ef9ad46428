import { expect } from 'chai';
import type { Locator, Page } from 'playwright-core';
import { consoleBrowser } from '#test/support/console-browser.js';
import { look, visit } from '#test/support/console-look.js';
import { openConnection } from '#test/support/open-connection.js';
import { allow, makeNetwork } from '#test/support/set-up.js';
import { stopProcesses } from '#test/support/stopped.js';
import { waitFor } from '#test/support/wait.js';

interface ListedRule {
  readonly effect: string;
  readonly from: string;
  readonly to: string;
}

describe('a write of the console', function () {
  this.timeout(90_000);
  const at = consoleBrowser();
  let page: Page;

  before(async () => {
    const { stack, signedIn } = at();
    await makeNetwork(stack, 'dev', { 'sbx-web': 'web:8080', 'sbx-api': 'api:8080' });
    await allow(stack, 'dev', 'web', 'api', 8080);
    page = await signedIn('/networks/dev');
    await page.locator('footer.status-line').getByText('live', { exact: true }).waitFor();
  });

  const form = (name = 'Add rule'): Locator => page.getByRole('form', { name });
  const receipt = (): Locator => page.getByRole('region', { name: 'Last change' });

  it('says which connections it will cut before it is sent, and how many it cut afterwards', async () => {
    const { stack } = at();
    const socket = await openConnection(stack, { from: 'sbx-web', network: 'dev', alias: 'api', port: 8080 });
    try {
      await visit(page, '/networks/dev/policy?add=deny&from=web&to=api&port=8080');
      await form().getByRole('button', { name: 'Deny and cut 1 connection' }).waitFor();
      await form().getByText('on host-a to').waitFor();
      expect(await form().textContent()).to.match(/Will be cut.*1 of 1 open connection.*sandbox:sbx-web on host-a/s);
      await look(page, 'cut-preview', 'Will be cut');
      await form().getByRole('button', { name: 'Deny and cut 1 connection' }).click();
      const cut = receipt().filter({ hasText: 'deny web to api:8080' });
      await cut.getByText(/applied by 2\/2 agents in/).waitFor();
      expect(await cut.textContent()).to.contain('1 open connection cut');
      await waitFor('the connection is cut', () => socket.destroyed);
      await look(page, 'cut-proven', 'open connection cut');
    } finally {
      socket.destroy();
    }
  });

  it('whose answer is lost is not known to be written, and is carried out once when it is asked again', async () => {
    const { stack } = at();
    const asked: string[] = [];
    let isLost = true;
    await page.route('**/v1/networks/dev/rules', async (route) => {
      if (route.request().method() !== 'POST') return route.continue();
      const headers = route.request().headers();
      asked.push(`${headers['idempotency-key']} ${headers['if-match']}`);
      if (!isLost) return route.continue();
      await route.fetch();
      return route.abort();
    });
    await visit(page, '/networks/dev/policy?add=allow&from=local&to=api&port=8080');
    await form().getByText('Based on').waitFor();
    await form().getByRole('button', { name: 'Allow', exact: true }).click();
    await form().getByText('No answer yet').waitFor();
    await form().getByRole('button', { name: 'Ask again' }).waitFor({ timeout: 20_000 });
    await look(page, 'lost-answer', 'It may be written or not');
    const askedByItself = asked.length;
    isLost = false;
    await form().getByRole('button', { name: 'Ask again' }).click();
    await form().waitFor({ state: 'detached' });
    await receipt().getByText('allow local to api:8080').waitFor();
    await page.unroute('**/v1/networks/dev/rules');
    expect(askedByItself, 'it was asked again by itself').to.be.greaterThan(1);
    expect(asked).to.have.length(askedByItself + 1);
    expect(new Set(asked).size, 'under one key, against one version').to.equal(1);
    expect(await receipt().textContent(), 'the first answer').to.not.contain('Nothing was written');
    const { items } = (await stack.json(['network', 'policy', 'list', 'dev'])) as {
      readonly items: readonly ListedRule[];
    };
    expect(items.filter(({ from, to }) => from === 'local' && to === 'api')).to.have.length(1);
  });

  it('is said to be superseded when an agent went straight to a later version', async () => {
    const { stack } = at();
    const stopped = stack.pid('agent-host-b');
    await stopProcesses(stopped);
    try {
      await visit(page, '/networks/dev/policy?add=allow&from=api&to=web&port=8080');
      await form().getByText('Based on').waitFor();
      await form().getByRole('button', { name: 'Allow', exact: true }).click();
      await receipt()
        .getByText(/^waiting for host-b$/)
        .waitFor();
      await stack.json(['network', 'policy', 'allow', 'dev', '--from', 'local', '--to', 'web', '--port', '8080']);
    } finally {
      // It starts again with the version of that time, so it never has the old version.
      process.kill(stopped, 'SIGKILL');
    }
    const superseded = page.getByRole('region', { name: 'Your change' });
    await superseded.getByText('superseded').waitFor({ timeout: 30_000 });
    expect(await superseded.textContent()).to.match(/host-b went straight to v\d+: nothing can be said about v\d+/);
    await look(page, 'superseded', 'went straight to');
    await superseded.getByRole('button', { name: 'dismiss' }).click();
    await superseded.waitFor({ state: 'detached' });
  });

  it('that deletes a network says what falls away, and asks for the name', async () => {
    await visit(page, '/networks/dev/members');
    await page.getByRole('button', { name: 'Delete network' }).click();
    await form('Delete dev').getByText('Based on').waitFor();
    expect(await form('Delete dev').textContent()).to.contain('dev, with 2 attachments');
    await look(page, 'delete-network', 'Type dev to go on');
  });

  it('that revokes an agent says which sandboxes fall away', async () => {
    await visit(page, '/agents/host-b');
    await page.getByRole('button', { name: 'Revoke', exact: true }).click();
    await form('Revoke agent host-b').getByText('sandboxes').waitFor();
    await look(page, 'revoke-agent', 'Revoke agent');
  });
});
