import type { Page } from 'playwright-core';
import { consoleBrowser } from '#test/support/console-browser.js';
import { look, visit } from '#test/support/console-look.js';
import { makeNetwork } from '#test/support/set-up.js';

describe('the pages of the console', function () {
  this.timeout(60_000);
  const at = consoleBrowser();
  let page: Page;

  before(async () => {
    const { stack, signedIn } = at();
    page = await signedIn('/networks');
    await page.getByRole('heading', { name: 'No networks yet' }).waitFor();
    await page.locator('footer.status-line').getByText('live', { exact: true }).waitFor();
    await look(page, 'first-run', 'No networks yet');
    await makeNetwork(stack, 'dev', { 'sbx-web': 'web:8080', 'sbx-api': 'api:8080', 'sbx-worker': 'worker:9090' });
    await stack.json(['network', 'create', 'staging']);
    await stack.json(['sandbox', 'label', 'sbx-web', 'tier=web']);
    await stack.json(['network', 'alias', 'add', 'dev', 'sbx-api', 'queue', '--port', '5672']);
    for (const [effect, from, to, port] of [
      ['allow', 'web', 'api', '8080'],
      ['allow', 'local', 'api', '8080'],
      ['allow', 'any', 'worker', '9090'],
      ['deny', 'label:tier=web', 'worker', '9090'],
      ['allow', 'any', 'queue', '5672'],
    ] as const) {
      await stack.json(['network', 'policy', effect, 'dev', '--from', from, '--to', to, '--port', port, '--wait']);
    }
    await stack.json(['network', 'alias', 'remove', 'dev', 'queue', '--wait']);
  });

  for (const [name, path, text] of [
    ['networks', '/networks', 'What each agent holds'],
    ['network', '/networks/dev', 'What no rule allows is denied.'],
    ['aliases', '/networks/dev/aliases?add=open', 'Add alias'],
    ['policy', '/networks/dev/policy?add=deny&from=web&to=api&port=8080', 'Will change'],
    ['attachments', '/networks/dev/attachments?attach=open', 'Attach sandbox'],
    ['members', '/networks/dev/members', 'Mesh, and connections refused'],
    ['diagnostics', '/networks/dev/diagnostics?from=web&to=api&port=8080', 'nothing runs through a shell'],
    ['map', '/networks/dev/map', 'what a deny touches comes first'],
    ['empty-network', '/networks/staging', 'nothing may reach anything in staging'],
    ['sandboxes', '/sandboxes', 'sbx-worker'],
    ['sandbox', '/sandboxes/sbx-api', 'Who may reach it in dev'],
    ['agents', '/agents', 'host-b'],
    ['agent', '/agents/host-a', 'by its own acknowledgements'],
    ['local-nodes', '/local-nodes', "no developer's machine is joined"],
    ['sessions', '/sessions', 'this one'],
    ['tokens', '/tokens', 'revoke'],
    ['not-found', '/networks/nowhere', 'not found'],
  ] as const) {
    it(`${name} is as readable in the dark, at 390 px and to axe`, async () => {
      await visit(page, path);
      await look(page, name, text);
    });
  }

  it('sign-in is as readable in the dark, at 390 px and to axe', async () => {
    await page.goto('/sign-in');
    await look(page, 'sign-in', 'gstacks console');
  });
});
