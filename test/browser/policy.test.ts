import { expect } from 'chai';
import type { Locator, Page } from 'playwright-core';
import type { ListedRuleDto } from '#libs/contracts/http/rules.js';
import { look, visit } from '#test/support/console-look.js';
import { controlPlanePages } from './control-plane-pages.js';

const POLICY = '/networks/dev/policy';
const AT = '/v1/networks/dev';

describe('rules that end and verdicts that are kept', function () {
  this.timeout(60_000);
  const at = controlPlanePages();
  let page: Page;

  const call = (method: string, path: string, body?: object) => at().controlPlane.call(method, `${AT}${path}`, body);
  const ruleTo = async (port: number): Promise<ListedRuleDto | undefined> => {
    const { items }: { readonly items: readonly ListedRuleDto[] } = JSON.parse((await call('GET', '/rules')).text);
    return items.find((rule) => rule.port === port);
  };

  before(async () => {
    const { controlPlane, signedIn } = at();
    await controlPlane.agent('host-a', ['sbx-web', 'sbx-api']);
    await controlPlane.call('POST', '/v1/networks', { name: 'dev' });
    await call('POST', '/attachments', { sandboxId: 'sbx-web', alias: 'web', ports: ['8080'] });
    await call('POST', '/attachments', { sandboxId: 'sbx-api', alias: 'api', ports: ['8080', '9090'] });
    await call('POST', '/rules', { effect: 'allow', from: 'web', to: 'api', port: 8080 });
    page = await signedIn(POLICY);
    await page.locator('footer.status-line').getByText('live', { exact: true }).waitFor();
  });

  const form = (name: string | RegExp = 'Add rule'): Locator => page.getByRole('form', { name });
  const receipt = (text: string): Locator =>
    page.getByRole('region', { name: 'Last change' }).filter({ hasText: text });
  const table = (name: string): Locator => page.getByRole('table', { name });

  it('adds a rule that ends by itself, and says beside it what is left, and who wrote it', async () => {
    await visit(page, `${POLICY}?add=allow&from=web&to=api&port=9090`);
    const ends = form().getByLabel('Ends after, or at');
    await ends.fill('two hours');
    await form().getByLabel('Port').focus();
    await form().getByText('how long, such as 30m, 2h or 7d, or a time').waitFor();
    expect(await form().getByRole('button', { name: 'Allow', exact: true }).isDisabled()).to.equal(true);
    await ends.fill('2h');
    await form().getByText('may then reach').waitFor();
    expect(await form().textContent()).to.contain('--port 9090 --for 2h --wait');
    await look(page, 'policy-ending', 'may then reach');
    await form().getByRole('button', { name: 'Allow', exact: true }).click();
    await receipt('allow web to api:9090 for 2h').waitFor();
    const row = table('Rules').getByRole('row').filter({ hasText: 'api:9090' });
    await row
      .getByText(/Ends in 1 h 59 min/)
      .filter({ visible: true })
      .waitFor();
    const rule = await ruleTo(9090);
    expect(Date.parse(rule?.until ?? '')).to.be.closeTo(Date.now() + 7_200_000, 60_000);
    expect(await row.textContent()).to.contain(`v${rule?.since} by user:admin`);
    await look(page, 'policy-what-is-left', 'Ends in');
  });

  it('previews a rule with another end as the new rule that it is', async () => {
    await visit(page, `${POLICY}?add=allow&from=web&to=api&port=8080`);
    await form().getByText('Nothing: this is so already').waitFor();
    await form().getByLabel('Ends after, or at').fill('2036-01-31T18:00:00Z');
    await form().getByText('is not within the 366 days after now').waitFor();
    await form().getByLabel('Ends after, or at').fill('7d');
    // Which of two equal rules decides depends on their ids, and so does what else is said.
    await form().getByText('allows the same without an end').waitFor();
    expect(await form().textContent()).to.not.contain('this is so already');
  });

  it('adds a rule about a name outside that ends', async () => {
    await visit(page, '/networks/dev/egress?add=allow&from=web&to=packages.example.com&port=443');
    const egress = form('Add rule about a name outside');
    await egress.getByLabel('Ends after, or at').fill('30m');
    await egress.getByText('may then reach').waitFor();
    expect(await egress.textContent()).to.contain('--to packages.example.com:443 --for 30m --wait');
    await egress.getByRole('button', { name: 'Allow', exact: true }).click();
    await table('Rules about names outside')
      .getByText(/Ends in 29 min/)
      .filter({ visible: true })
      .waitFor();
  });

  it('keeps a verdict, refuses what would change it with the test by name, and keeps it no longer', async () => {
    await visit(page, POLICY);
    await page.getByText('No policy tests: a write may change every verdict in dev.').waitFor();
    await page.getByRole('link', { name: 'Keep a verdict' }).click();
    const keep = form('Keep a verdict');
    await keep.getByLabel('From').fill('web');
    await keep.getByLabel('To alias').fill('api');
    await keep.getByLabel('Port').fill('8080');
    await keep.getByText('deny', { exact: true }).click();
    expect(await keep.textContent()).to.contain('gstacks network policy test add dev web api:8080 deny --wait');
    await keep.getByRole('button', { name: 'Keep this verdict' }).click();
    await keep.getByText('POLICY_TEST_FAILS').waitFor();
    await look(page, 'policy-test-fails', 'POLICY_TEST_FAILS');
    await keep.getByText('allow', { exact: true }).click();
    await keep.getByRole('button', { name: 'Keep this verdict' }).click();
    const row = table('Policy tests').locator('tbody tr');
    await row.getByText('holds').waitFor();
    expect(await row.textContent()).to.match(/allow.*web.*api:8080.*holds/s);
    const id = (await row.locator('[title]').getAttribute('title')) ?? '';
    await look(page, 'policy-tests', 'holds');

    await visit(page, `${POLICY}?add=deny&from=any&to=api&port=8080`);
    await form().getByText('POLICY_TEST_BROKEN').waitFor();
    expect(await form().textContent()).to.contain(`${id} (web to api:8080 is allow)`);
    const overridden = form().getByRole('region', { name: 'If the policy tests are overridden' });
    await overridden.getByText('sandbox:sbx-web may then no longer reach api:8080').waitFor();
    await overridden.getByText(`${id} fails from now on: web to api:8080 is allow`).waitFor();
    await look(page, 'policy-test-broken', 'POLICY_TEST_BROKEN');

    await form().getByRole('button', { name: 'Deny', exact: true }).click();
    await form().getByRole('button', { name: 'Write it and override the policy tests' }).click();
    await receipt('deny any to api:8080').waitFor();
    const { text } = await call('GET', '/history?limit=1');
    expect(JSON.parse(text).items[0]).to.include({ type: 'PolicyTestsOverridden', actor: 'user:admin' });

    await visit(page, POLICY);
    await row.getByText('fails').waitFor();
    await page.getByRole('link', { name: `remove ${id}` }).click();
    await form(`Remove ${id}`).getByRole('button', { name: 'Remove policy test' }).click();
    await page.getByText('No policy tests').waitFor();
  });

  it('says before it is saved what an alias and an attachment open and close', async () => {
    await call('POST', '/rules', { effect: 'allow', from: 'any', to: 'api', port: 9090 });
    await call('DELETE', '/attachments/sbx-web');
    await visit(page, '/networks/dev/attachments?attach=sbx-web');
    const attach = form('Attach sandbox');
    await attach.getByText('sandbox:sbx-web may then reach api:9090').waitFor();
    await look(page, 'attachment-preview', 'may then reach');
    await attach.getByRole('button', { name: 'Attach sandbox' }).click();
    await receipt('attach sbx-web').waitFor();

    await call('POST', '/aliases', { sandboxId: 'sbx-web', alias: 'spare', ports: ['80'] });
    await call('POST', '/rules', { effect: 'allow', from: 'any', to: 'spare', port: 80 });
    await visit(page, '/networks/dev/aliases?add=sbx-web');
    const alias = form('Add alias');
    await alias.getByLabel('Alias').fill('spare');
    await alias.getByLabel('Ports', { exact: true }).fill('81');
    await alias.getByText('Nobody gains or loses a way to anything now.').waitFor();
    await alias.getByLabel(/Replace the ports/).check();
    await alias.getByText('sandbox:sbx-api may then no longer reach spare:80').waitFor();
    await look(page, 'alias-preview', 'may then no longer reach');
  });
});
