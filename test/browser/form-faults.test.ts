import { expect } from 'chai';
import type { Locator, Page } from 'playwright-core';
import { controlPlanePages } from './control-plane-pages.js';

interface Fault {
  readonly path: string;
  /** The button that opens the form, if the address does not. */
  readonly opens?: string;
  readonly form: string;
  readonly field: string;
  readonly text: string;
  /** The same request, sent to the API. */
  readonly asked: readonly [path: string, body: object, method?: string];
}

const AT = '/v1/networks/dev';
const attach = { sandboxId: 'sbx-web', alias: 'web', ports: ['80'] };
const alias = { sandboxId: 'sbx-api', alias: 'web', ports: ['80'] };
const rule = { effect: 'deny', from: 'local', to: 'api', port: 8080 };
const token = { user: 'ada', role: 'viewer' };

const addRule = { path: '/networks/dev/policy?add=deny', form: 'Add rule' };
const addAlias = { path: '/networks/dev/aliases?add=open', form: 'Add alias' };
const attaching = { path: '/networks/dev/attachments?attach=open', form: 'Attach sandbox' };
const testing = { path: '/networks/dev/diagnostics', form: 'Test a connection' };

const faults: readonly Fault[] = [
  {
    ...{ path: '/networks', opens: 'Create network', form: 'Create network', field: 'Name', text: 'De v' },
    asked: ['/v1/networks', { name: 'De v' }],
  },
  { ...addRule, field: 'From', text: 'label:=x', asked: [`${AT}/rules`, { ...rule, from: 'label:=x' }] },
  { ...addRule, field: 'To alias', text: 'any', asked: [`${AT}/rules`, { ...rule, to: 'any' }] },
  { ...addRule, field: 'Port', text: '65536', asked: [`${AT}/rules`, { ...rule, port: '65536' }] },
  { ...addAlias, field: 'Sandbox', text: '../x', asked: [`${AT}/aliases`, { ...alias, sandboxId: '../x' }] },
  { ...addAlias, field: 'Alias', text: 'local', asked: [`${AT}/aliases`, { ...alias, alias: 'local' }] },
  { ...addAlias, field: 'Ports', text: '53/udp', asked: [`${AT}/aliases`, { ...alias, ports: ['53/udp'] }] },
  { ...attaching, field: 'Sandbox', text: '-', asked: [`${AT}/attachments`, { ...attach, sandboxId: '-' }] },
  { ...attaching, field: 'Alias', text: 'a_b', asked: [`${AT}/attachments`, { ...attach, alias: 'a_b' }] },
  { ...attaching, field: 'Ports', text: '1:2:3', asked: [`${AT}/attachments`, { ...attach, ports: ['1:2:3'] }] },
  { ...testing, field: 'From', text: 'sandbox:', asked: [`${AT}/tests`, { from: 'sandbox:', alias: 'api', port: 80 }] },
  { ...testing, field: 'Port', text: '-1', asked: [`${AT}/tests`, { from: 'local', alias: 'api', port: '-1' }] },
  {
    ...{ path: '/sandboxes/sbx-api', opens: 'Edit labels', form: 'Edit labels', field: 'Labels', text: 'a=<b>' },
    asked: ['/v1/sandboxes/sbx-api/labels', { set: { a: '<b>' } }, 'PATCH'],
  },
  {
    ...{ path: '/agents', opens: 'Enrol an agent', form: 'Enrol an agent', field: 'Name', text: 'control-plane' },
    asked: ['/v1/agents/enrollment-tokens', { name: 'control-plane' }],
  },
  {
    ...{ path: '/tokens', opens: 'Create token', form: 'Create token', field: 'User', text: 'Ada' },
    asked: ['/v1/tokens', { ...token, user: 'Ada' }],
  },
];

/** Errors that only the control plane can find: for each form, a refusal of the domain about each of its fields. */
const refusals = [
  {
    ...{ title: 'a name that is taken', code: 'NETWORK_EXISTS', field: 'Name' },
    open: { path: '/networks', opens: 'Create network', form: 'Create network' },
    filled: { Name: 'dev' },
    asked: ['/v1/networks', { name: 'dev' }],
  },
  {
    ...{ title: 'an alias that is taken', code: 'ALIAS_TAKEN', field: 'Alias' },
    open: attaching,
    filled: { Sandbox: 'sbx-web', Alias: 'api', Ports: '9090' },
    asked: [`${AT}/attachments`, { ...attach, alias: 'api' }],
  },
  {
    ...{ title: 'a sandbox that nobody knows', code: 'SANDBOX_NOT_FOUND', field: 'Sandbox' },
    open: attaching,
    filled: { Sandbox: 'sbx-nobody' },
    asked: [`${AT}/attachments`, { sandboxId: 'sbx-nobody' }],
  },
  {
    ...{ title: 'a sandbox that is not attached', code: 'NOT_ATTACHED', field: 'Sandbox' },
    open: addAlias,
    filled: { Sandbox: 'sbx-web', Alias: 'web', Ports: '9090' },
    asked: [`${AT}/aliases`, { ...alias, sandboxId: 'sbx-web' }],
  },
  {
    ...{ title: 'an alias that does not exist', code: 'ALIAS_NOT_FOUND', field: 'To alias' },
    open: addRule,
    filled: { From: 'local', 'To alias': 'nobody', Port: '8080' },
    asked: [`${AT}/rules`, { ...rule, to: 'nobody' }],
  },
] satisfies readonly {
  readonly title: string;
  readonly open: Pick<Fault, 'path' | 'opens' | 'form'>;
  readonly filled: Readonly<Record<string, string>>;
  readonly field: string;
  readonly code: string;
  readonly asked: readonly [path: string, body: object];
}[];

describe('a form of the console', function () {
  this.timeout(30_000);
  const at = controlPlanePages();
  let page: Page;

  before(async () => {
    const { controlPlane, signedIn } = at();
    await controlPlane.agent('host-a', ['sbx-api', 'sbx-web']);
    await controlPlane.call('POST', '/v1/networks', { name: 'dev' });
    await controlPlane.call('POST', `${AT}/attachments`, { sandboxId: 'sbx-api', alias: 'api', ports: ['8080'] });
    page = await signedIn('/networks');
  });

  async function opened({ path, opens, form }: Pick<Fault, 'path' | 'opens' | 'form'>): Promise<Locator> {
    await page.goto(path);
    if (opens !== undefined) await page.getByRole('button', { name: opens, exact: true }).click();
    return page.getByRole('form', { name: form });
  }

  /** The message at a field, as it is announced to screen readers. */
  async function faultAt(form: Locator, field: string): Promise<string> {
    const input = form.getByLabel(field, { exact: true }).and(page.locator('[aria-invalid="true"]'));
    return (await page.locator(`[id="${await input.getAttribute('aria-describedby')}"]`).textContent()) ?? '';
  }

  for (const fault of faults) {
    const { form: name, field, text, asked } = fault;
    it(`${name} finds ${JSON.stringify(text)} wrong at ${field}, in the words of the API, before it is sent`, async () => {
      const sent: string[] = [];
      const note = (request: { method(): string; url(): string }): void => {
        if (request.method() !== 'GET') sent.push(request.url());
      };
      // Several faults of one form are tested in one form.
      const isOpen = await page.getByRole('form', { name }).count();
      const form = isOpen ? page.getByRole('form', { name }) : await opened(fault);
      await form.getByLabel(field, { exact: true }).fill(text);
      page.on('request', note);
      await page.keyboard.press('Tab');
      const said = await faultAt(form, field);
      await page.keyboard.press('Enter');
      page.off('request', note);
      const [path, wrong, method = 'POST'] = asked;
      const { status, body } = await at().controlPlane.call(method, path, wrong);
      expect(status).to.equal(400);
      // Each names the field in its own way; the rest is the same.
      const pastField = (words: string): string => words.slice(words.indexOf(': ') + 2);
      expect(pastField(said)).to.contain(pastField(String(body.detail)));
      expect(sent).to.deep.equal([]);
    });
  }

  /** A request as a page of another release would send it, with a field that this control plane refuses. */
  async function sendInstead(route: string, change: (body: object) => object): Promise<void> {
    await page.route(`**${route}`, async (sent) => {
      const body = change(JSON.parse(sent.request().postData() ?? '{}'));
      await sent.continue({ postData: JSON.stringify(body) });
    });
  }

  it('shows what the control plane refuses at the field that it is about, with what to do', async () => {
    const form = await opened({ path: '/agents', opens: 'Enrol an agent', form: 'Enrol an agent' });
    await form.getByLabel('Name').fill('host-z');
    await sendInstead('/v1/agents/enrollment-tokens', (body) => ({ ...body, name: 'local' }));
    await form.getByLabel('Name').press('Enter');
    expect(await faultAt(form, 'Name'))
      .to.contain('a name other than control-plane, local')
      .and.to.contain('enrol this host under another name: gstacks agent enroll <name>');
    expect(await page.getByRole('alert').count()).to.equal(0);
    await form.getByLabel('Name').fill('host-y');
    await form.locator('.wrong').waitFor({ state: 'detached' });
  });

  it('shows a refused write at its field, and a refusal that is about none with its remedy', async () => {
    const form = await opened({ path: '/networks/dev/aliases?add=sbx-web', form: 'Add alias' });
    await form.getByLabel('Alias').fill('web');
    await form.getByLabel('Ports').fill('9090');
    await sendInstead('/v1/networks/dev/aliases', (body) => ({ ...body, ports: ['0'] }));
    await page.keyboard.press('Enter');
    expect(await faultAt(form, 'Ports')).to.contain('"0" is not valid; expected');
    await page.unroute('**/v1/networks/dev/aliases');
    await sendInstead('/v1/networks/dev/aliases', (body) => ({ ...body, colour: 'green' }));
    await form.getByLabel('Ports').fill('9091');
    await page.keyboard.press('Enter');
    const alert = form.getByRole('alert');
    await alert.waitFor();
    const { body } = await at().controlPlane.call('POST', `${AT}/aliases`, { ...alias, colour: 'green' });
    expect(await alert.textContent())
      .to.contain(String(body.code))
      .and.to.contain(String(body.remedy));
    await page.unroute('**/v1/networks/dev/aliases');
  });

  for (const { title, open, filled, field, code, asked } of refusals) {
    it(`shows ${title} (${code}) at ${field}, with the remedy`, async () => {
      const form = await opened(open);
      for (const [label, text] of Object.entries(filled)) await form.getByLabel(label, { exact: true }).fill(text);
      await page.keyboard.press('Enter');
      const said = await faultAt(form, field);
      const [path, body] = asked;
      const { body: problem } = await at().controlPlane.call('POST', path, body);
      expect(problem.code).to.equal(code);
      expect(said).to.contain(String(problem.detail)).and.to.contain(String(problem.remedy));
      expect(await form.getByRole('alert').count()).to.equal(0);
    });
  }
});
