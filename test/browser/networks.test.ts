import { expect } from 'chai';
import type { Locator, Page } from 'playwright-core';
import { consoleBrowser } from '#test/support/console-browser.js';
import { look } from '#test/support/console-look.js';
import { makeNetwork } from '#test/support/set-up.js';
import { waitFor } from '#test/support/wait.js';

const PROVEN = /applied by 2\/2 agents in \d+ ms/;

/** The uses of the console that the product document lists, and the uses that those require. */
describe('the Networks page', function () {
  this.timeout(60_000);
  const at = consoleBrowser();
  let page: Page;

  before(async () => {
    const { stack, signedIn } = at();
    await makeNetwork(stack, 'dev', { 'sbx-web': 'web:8080', 'sbx-api': 'api:8080' });
    page = await signedIn('/networks');
  });

  const receipt = (): Locator => page.getByRole('region', { name: 'Last change' });
  const proven = (summary: string): Promise<void> =>
    receipt().filter({ hasText: summary }).filter({ hasText: 'open connections cut' }).getByText(PROVEN).waitFor();

  it('shows status, DNS suffix and topology version, and leads to the aliases of a network', async () => {
    const { stack } = at();
    const { version } = (await stack.json(['network', 'show', 'dev'])) as { readonly version: number };
    const row = page.getByRole('row', { name: /^dev / }).first();
    await row.getByText('synced').waitFor();
    expect(await row.textContent())
      .to.contain('dev.gstacks')
      .and.to.contain(String(version))
      .and.to.contain('2/2');
    await row.getByRole('link', { name: 'dev', exact: true }).click();
    await page.getByRole('table', { name: 'Aliases' }).getByText('api', { exact: true }).waitFor();
    expect(await page.getByRole('table', { name: 'Aliases' }).textContent()).to.contain('api.dev.gstacks');
  });

  it('adds an alias for an attached sandbox, shows the command that does the same, and proves it', async () => {
    const { stack } = at();
    await page.goto('/networks/dev/aliases');
    await page.getByRole('button', { name: 'Add alias' }).click();
    const form = page.getByRole('form', { name: 'Add alias' });
    await form.getByLabel('Sandbox').fill('sbx-api');
    await form.getByLabel('Alias').fill('admin');
    await form.getByLabel('Ports').fill('80:8080');
    await form.getByText('gstacks network alias add dev sbx-api admin --port 80:8080 --wait').waitFor();
    await form.getByRole('button', { name: 'Add alias' }).click();
    await proven('alias admin for sbx-api');
    const { items } = (await stack.json(['network', 'alias', 'list', 'dev'])) as {
      readonly items: readonly { readonly alias: string; readonly ports: unknown }[];
    };
    expect(items.find(({ alias }) => alias === 'admin')?.ports).to.deep.equal([{ published: 80, target: 8080 }]);
  });

  it('removes an alias after it has said what that cuts', async () => {
    const { stack } = at();
    await page.goto('/networks/dev/aliases');
    await page.getByRole('link', { name: 'remove admin' }).click();
    const form = page.getByRole('form', { name: 'Remove alias admin' });
    await form.getByText('0 of 0 open connections').waitFor();
    await form.getByRole('button', { name: 'Remove alias' }).click();
    await proven('remove alias admin');
    await page
      .getByRole('table', { name: 'Aliases' })
      .getByText('admin', { exact: true })
      .waitFor({ state: 'detached' });
    const { items } = (await stack.json(['network', 'alias', 'list', 'dev'])) as { readonly items: readonly unknown[] };
    expect(items).to.have.length(2);
  });

  it('adds a rule, says what it changes before, and says so when it is there already', async () => {
    for (const expected of [/applied by 2\/2 agents/, /Nothing was written: this is so already since v\d+/]) {
      await page.goto('/networks/dev/policy?add=allow&from=web&to=api&port=8080');
      const form = page.getByRole('form', { name: 'Add rule' });
      await form.getByText('Based on').waitFor();
      await form.getByRole('button', { name: 'Allow', exact: true }).click();
      await form.waitFor({ state: 'detached' });
      await receipt().getByText(expected).waitFor();
    }
    await page.getByRole('cell', { name: 'Decides for 1 source' }).waitFor();
  });

  it('checks what is typed by the parsers of the API, before it is sent', async () => {
    await page.goto('/networks/dev/policy?add=allow');
    const form = page.getByRole('form', { name: 'Add rule' });
    await form.getByLabel('Port').fill('70000');
    await form.getByLabel('To alias').fill('local');
    await form.getByLabel('From').focus();
    await form.getByText('expected a port from 1 to 65535').waitFor();
    await form.getByText('which are selectors').waitFor();
    expect(await form.getByRole('button', { name: 'Allow', exact: true }).isDisabled()).to.equal(true);
  });

  it('runs diagnostics of the participating agents, and shows each check with what was seen', async () => {
    await page.goto('/networks/dev/diagnostics?from=web&to=api&port=8080');
    expect(await page.getByRole('region', { name: 'Result' }).count(), 'a link runs nothing').to.equal(0);
    await page.getByRole('button', { name: 'Check every agent' }).click();
    const table = page.locator('table.checks');
    for (const agent of ['host-a', 'host-b']) await table.getByRole('columnheader', { name: agent }).waitFor();
    await waitFor(
      'every agent has answered',
      async () => (await table.getByText('asked', { exact: true }).count()) === 0,
    );
    for (const check of ['MESH_JOINED', 'TOPOLOGY_APPLIED', 'DNS_LOADED', 'ROUTE_PRESENT', 'POLICY']) {
      await table.getByText(check, { exact: true }).waitFor();
    }
    await look(page, 'diagnostics-answered', 'Allowed by');
    const result = (await page.getByRole('status', { name: 'Result' }).textContent()) ?? '';
    // If a check failed on a busy machine, that line comes first.
    expect(result)
      .to.match(/web may reach api:8080|Policy allows it/)
      .and.to.match(/Allowed by rule-/);
  });

  it('asks every agent that takes part, also one at neither end, and one by itself', async () => {
    await page.goto('/networks/dev/diagnostics?from=sandbox:sbx-api&to=api&port=8080');
    const asked: unknown[] = [];
    page.on('request', (request) => {
      if (request.url().endsWith('/tests')) asked.push(request.postDataJSON()?.agentId ?? 'both ends');
    });
    const table = page.locator('table.checks');
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await table.getByRole('columnheader', { name: 'host-b' }).waitFor();
    expect(await table.getByRole('columnheader', { name: 'host-a' }).count()).to.equal(0);
    await page.getByRole('button', { name: 'Check every agent' }).click();
    await table.getByRole('columnheader', { name: 'host-a' }).waitFor();
    await waitFor(
      'every agent has answered',
      async () => (await table.getByText('asked', { exact: true }).count()) === 0,
    );
    const applied = await table
      .getByRole('row', { name: /^Version applied/ })
      .getByRole('cell')
      .allTextContents();
    for (const said of applied.slice(1)) expect(said).to.contain('pass');
    expect(asked).to.have.members(['both ends', 'host-a', 'host-b']);
    expect(new URL(page.url()).searchParams.get('agents')).to.equal('all');
  });

  it('shows a write made on an older version as not written, with what changed since', async () => {
    const { stack } = at();
    await page.goto('/networks/dev/attachments?attach=sbx-worker');
    const form = page.getByRole('form', { name: 'Attach sandbox' });
    await form.getByRole('button', { name: 'Attach sandbox' }).waitFor();
    await stack.json(['network', 'policy', 'deny', 'dev', '--from', 'local', '--to', 'web', '--port', '8080']);
    await form.getByRole('button', { name: 'Attach sandbox' }).click();
    await form.getByText('not written').waitFor();
    await form.getByText('deny local to web:8080').waitFor();
    await look(page, 'conflict', 'not written');
    await form.getByRole('button', { name: /^Send against v\d+$/ }).click();
    await proven('attach sbx-worker');
    await page.goto('/networks/dev/attachments');
    await page.getByRole('table', { name: 'Attachments' }).getByText('sbx-worker').first().waitFor();
  });

  it('shows on the page of a sandbox which networks it is attached to and which aliases it publishes', async () => {
    const { address } = (await at().stack.json(['sandbox', 'show', 'sbx-api'])) as { readonly address: string };
    await page.goto('/sandboxes/sbx-api');
    await page.getByText('attached to 1 of 1').waitFor();
    const text = (await page.locator('main').textContent()) ?? '';
    expect(text).to.contain('api.dev.gstacks').and.to.contain('attached to 1 of 1').and.to.contain(address);
  });

  it('shows labels as text, whatever they hold', async () => {
    const { stack } = at();
    await stack.json(['sandbox', 'label', 'sbx-web', 'x.y/z=A.b_c-1']);
    await page.goto('/sandboxes/sbx-web');
    await page.getByText('x.y/z=A.b_c-1').waitFor();
  });

  it('creates a network and deletes it, for which its name has to be typed', async () => {
    await page.goto('/networks');
    await page.getByRole('button', { name: 'Create network' }).click();
    const create = page.getByRole('form', { name: 'Create network' });
    await create.getByLabel('Name').fill('shortlived');
    await create.getByRole('button', { name: 'Create network' }).click();
    await page.getByRole('heading', { name: 'shortlived' }).waitFor();
    await page.goto('/networks/shortlived/members');
    await page.getByRole('button', { name: 'Delete network' }).click();
    const remove = page.getByRole('form', { name: 'Delete shortlived' });
    const button = remove.getByRole('button', { name: 'Delete network' });
    expect(await button.isDisabled()).to.equal(true);
    await remove.getByLabel('Type shortlived to go on').fill('shortlived');
    await button.click();
    await page.getByRole('heading', { name: 'Networks', exact: true }).waitFor();
    await page.getByRole('row', { name: /^shortlived/ }).waitFor({ state: 'detached' });
  });
});
