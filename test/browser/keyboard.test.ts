import { expect } from 'chai';
import type { Locator, Page } from 'playwright-core';
import { SimulatedAgent } from '#test/integration/control-plane/simulated-agent.js';
import { consoleBrowser } from '#test/support/console-browser.js';
import { Keyboard } from '#test/support/keyboard.js';
import { makeNetwork } from '#test/support/set-up.js';

const NETWORK = '/networks/dev';

/** Each page, and elements that Tab must reach. */
const pages: readonly (readonly [path: string, stops: readonly RegExp[]])[] = [
  ['/networks', [/^input Filter networks/, /^button Create network/, /^a dev$/]],
  [NETWORK, [/^a Add rule/, /^a Test a connection/, /^a All aliases|^a Add or remove/, /^button copy/]],
  [`${NETWORK}/aliases?add=open`, [/^input Alias/, /^button Cancel/, /^a remove api/]],
  [`${NETWORK}/policy?add=deny`, [/^input .*deny/, /^select Show rules/, /^a remove rule-/]],
  [
    `${NETWORK}/egress?add=allow`,
    [/^a Allow a name/, /^input The name may lead/, /^button Cancel/, /^input Name to test/],
  ],
  [`${NETWORK}/attachments`, [/^button reattach sbx-api/, /^a detach sbx-api/]],
  [`${NETWORK}/members`, [/^button Delete network/]],
  [`${NETWORK}/diagnostics?from=web&to=api&port=8080`, [/^button Run/, /^button Check every agent/]],
  [`${NETWORK}/map`, [/dev/]],
  [`${NETWORK}/history`, [/^select About/, /^button Show/, /^a what it changed/, /^a revert to it/, /^input compared/]],
  [`${NETWORK}/history/diff?from=5&to=6`, [/^button Compare/, /dev gained and lost/, /^a why/]],
  [`${NETWORK}/history/explain?from=web&to=api&port=8080`, [/^button Explain/, /^a explain/]],
  ['/sandboxes', [/^input Filter sandboxes/, /^a sbx-api/]],
  ['/sandboxes/sbx-api', [/^button Edit labels/]],
  ['/agents', [/^button Enrol an agent/, /^a host-a/]],
  ['/agents/host-a', [/^button Revoke/]],
  ['/local-nodes', [/^button copy/]],
  ['/sessions', [/^button Sign out everywhere/, /^button end session/]],
  ['/tokens', [/^button Create token/, /^button revoke token/]],
];

describe('the console by keyboard alone', function () {
  this.timeout(60_000);
  const at = consoleBrowser();
  let page: Page;
  let keyboard: Keyboard;

  before(async () => {
    const { stack, signedIn } = at();
    await makeNetwork(stack, 'dev', { 'sbx-web': 'web:8080', 'sbx-api': 'api:8080' });
    await stack.json(['network', 'policy', 'allow', 'dev', '--from', 'web', '--to', 'api', '--port', '8080', '--wait']);
    page = await signedIn('/networks');
    keyboard = new Keyboard(page);
    // These tests use no pointer: without this, something that a test did with it by mistake would pass.
    await page.addInitScript(`for (const name of ['pointerdown', 'mousedown'])
      addEventListener(name, () => { throw new Error('a pointer was used'); }, true)`);
  });

  for (const [path, stops] of pages) {
    it(`walks ${path} from end to end, and sees where it is`, async () => {
      await page.goto(path);
      await page.locator('footer.status-line').getByText('live', { exact: true }).waitFor();
      await page.locator('main h1').first().waitFor();
      await page.getByText('…', { exact: true }).first().waitFor({ state: 'detached' });
      const found = await keyboard.walk();
      for (const stop of stops)
        expect(
          found.some((each) => stop.test(each)),
          `${stop} in ${found.join(', ')}`,
        ).to.equal(true);
    });
  }

  const form = (name: string | RegExp): Locator => page.getByRole('form', { name });
  const button = (name: string | RegExp, within: Page | Locator = page): Locator =>
    within.getByRole('button', { name, exact: typeof name === 'string' });
  const receipt = (text: string | RegExp): Promise<void> =>
    page
      .getByRole('region', { name: 'Last change' })
      .filter({ hasText: text })
      .getByText(/applied by/)
      .waitFor();
  const focused = (target: Locator): Promise<void> => target.and(page.locator(':focus')).waitFor();

  it('creates a network, and deletes it', async () => {
    await page.goto('/networks');
    await keyboard.press(button('Create network'));
    await focused(form('Create network'));
    await keyboard.type(form('Create network').getByLabel('Name'), 'keys');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'keys' }).waitFor();
    await keyboard.press(page.getByRole('link', { name: /^Members/ }));
    await keyboard.press(button('Delete network'));
    await keyboard.type(form('Delete keys').getByLabel('Type keys to go on'), 'keys');
    await keyboard.press(button('Delete network', form('Delete keys')), 'Space');
    await page.getByRole('heading', { name: 'Networks', exact: true }).waitFor();
  });

  it('opens a form, leaves it with Escape, and is where it was', async () => {
    await page.goto(`${NETWORK}/aliases`);
    for (const [opener, name] of [
      [button('Add alias'), 'Add alias'],
      [page.getByRole('link', { name: 'remove api' }), 'Remove alias api'],
    ] as const) {
      await keyboard.press(opener);
      await focused(form(name));
      await keyboard.to(button('Cancel', form(name)));
      await page.keyboard.press('Escape');
      await form(name).waitFor({ state: 'detached' });
      await focused(opener);
    }
  });

  it('adds an alias with a name that it chooses by arrows, and removes it', async () => {
    await page.goto(`${NETWORK}/aliases`);
    await keyboard.press(button('Add alias'));
    await keyboard.to(form('Add alias').getByLabel('Sandbox'));
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    expect(await form('Add alias').getByLabel('Sandbox').inputValue()).to.match(/^sbx-/);
    await keyboard.type(form('Add alias').getByLabel('Alias'), 'byhand');
    await keyboard.type(form('Add alias').getByLabel('Ports'), '9090');
    await page.keyboard.press('Enter');
    await receipt('alias byhand for');
    await keyboard.press(page.getByRole('link', { name: 'remove byhand' }));
    await form('Remove alias byhand').getByText('Based on').waitFor();
    await keyboard.press(button('Remove alias', form('Remove alias byhand')));
    await receipt('remove alias byhand');
  });

  it('attaches a sandbox, sends its topology again, and detaches it', async () => {
    await page.goto(`${NETWORK}/attachments`);
    await keyboard.press(button('Attach sandbox'));
    await keyboard.type(form('Attach sandbox').getByLabel('Sandbox'), 'sbx-worker');
    await keyboard.press(button('Attach sandbox', form('Attach sandbox')));
    await receipt('attach sbx-worker');
    await keyboard.press(button('reattach sbx-worker'));
    await page
      .getByRole('table', { name: 'Attachments' })
      .getByText(/^sent again/)
      .waitFor();
    await keyboard.press(page.getByRole('link', { name: 'detach sbx-worker' }));
    await form('Detach sbx-worker').getByText('Based on').waitFor();
    await keyboard.press(button('Detach', form('Detach sbx-worker')));
    await receipt('detach sbx-worker');
  });

  it('adds a denial, whose effect it chooses by arrows, and removes it', async () => {
    await page.goto(NETWORK);
    await keyboard.press(page.getByRole('link', { name: 'Add rule' }));
    await keyboard.to(form('Add rule').getByRole('radio', { name: 'allow' }));
    await page.keyboard.press('ArrowRight');
    for (const [field, text] of [
      ['From', 'local'],
      ['To alias', 'web'],
      ['Port', '8080'],
    ] as const) {
      await keyboard.type(form('Add rule').getByLabel(field), text);
      await page.keyboard.press('Tab');
    }
    await form('Add rule').getByText('Based on').waitFor();
    await keyboard.press(button('Deny', form('Add rule')));
    await receipt('deny local to web:8080');
    const row = page.getByRole('row').filter({ hasText: 'web:8080' });
    await keyboard.press(row.getByRole('link', { name: /^remove rule-/ }));
    await form(/^Remove rule/)
      .getByText('Based on')
      .waitFor();
    await keyboard.press(button('Remove rule', form(/^Remove rule/)));
    await receipt('remove deny local to web:8080');
  });

  it('edits labels', async () => {
    await page.goto('/sandboxes/sbx-api');
    await keyboard.press(button('Edit labels'));
    await keyboard.type(form('Edit labels').getByLabel('Labels'), 'by=keys');
    await page.keyboard.press('Enter');
    await page.getByText('by=keys').first().waitFor();
    await focused(button('Edit labels'));
    await at().stack.json(['sandbox', 'label', 'sbx-api', 'by-']);
  });

  it('makes a token and revokes it', async () => {
    await page.goto('/tokens');
    await keyboard.press(button('Create token'));
    await keyboard.type(form('Create token').getByLabel('User'), 'keys');
    await keyboard.to(form('Create token').getByLabel('Role'));
    await page.keyboard.press('ArrowDown');
    await keyboard.press(button('Create token', form('Create token')));
    await form('Create token').getByText('Shown once').waitFor();
    await page.keyboard.press('Escape');
    await focused(button('Create token'));
    const row = page.getByRole('row').filter({ hasText: 'keys' });
    expect(await row.textContent()).to.contain('operator');
    await keyboard.press(row.getByRole('button', { name: /^revoke token/ }));
    await keyboard.press(button('Revoke token', form(/^Revoke token/)));
    await row.waitFor({ state: 'detached' });
  });

  it('enrols an agent and revokes one', async () => {
    const { stack } = at();
    await page.goto('/agents');
    await keyboard.press(button('Enrol an agent'));
    await keyboard.type(form('Enrol an agent').getByLabel('Name'), 'host-keys');
    await page.keyboard.press('Enter');
    await form('Enrol an agent').getByText('Shown once').waitFor();
    const shown = (await form('Enrol an agent').textContent()) ?? '';
    await SimulatedAgent.enroll(stack.url, 'host-keys', /gse_[A-Za-z0-9_-]{43}/.exec(shown)?.[0] ?? '');
    await keyboard.press(page.getByRole('link', { name: 'host-keys' }));
    await keyboard.press(button('Revoke'));
    await keyboard.press(button('Revoke agent', form('Revoke agent host-keys')));
    await form('Revoke agent host-keys')
      .getByText(/^revoked/)
      .waitFor();
    await page.keyboard.press('Escape');
    await form('Revoke agent host-keys').waitFor({ state: 'detached' });
  });

  it('explains a pair of the map, and shows the same as a table', async () => {
    await page.goto(`${NETWORK}/map`);
    await keyboard.to(page.locator('.map-canvas [tabindex="0"]').first());
    const why = page.locator('.map-why');
    await page.keyboard.press('ArrowDown');
    for (let tries = 0; tries < 4 && (await why.getByText('web may reach api:8080').count()) === 0; tries += 1) {
      await page.keyboard.press('ArrowRight');
      await page.keyboard.press('e');
    }
    await why.getByText('web may reach api:8080').first().waitFor();
    await page.keyboard.press('Enter');
    await page.waitForURL(/pair=/);
    await page.keyboard.press('Escape');
    await page.waitForURL((url) => !url.search.includes('pair='));
    await page.keyboard.press('t');
    await page.waitForURL(/as=table/);
    await page
      .getByRole('table', { name: /^Pairs at v/ })
      .getByText('api:8080')
      .waitFor();
  });
});
