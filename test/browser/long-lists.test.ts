import { expect } from 'chai';
import type { Locator, Page } from 'playwright-core';
import { writeAliases } from '#test/support/many-aliases.js';
import { waitFor } from '#test/support/wait.js';
import { controlPlanePages } from './control-plane-pages.js';

const ALIASES = 2_000;
const MOST_ROWS = 100;
/** The page reloads out-of-date data at most this often. */
const ROUND_MS = 200;
const AT = '/v1/networks/dev';
const nameOf = (index: number): string => `a${String(index).padStart(4, '0')}`;

/** The props with which React rendered an element: a new object each time its parent renders again. */
const MADE_WITH = `(element) => {
  const key = Object.keys(element).find((name) => name.startsWith('__reactProps$'));
  if (key === undefined) throw new Error('React does not tell what it renders with');
  return element[key];
}`;

describe('a list of 2,000 aliases', function () {
  this.timeout(90_000);
  const at = controlPlanePages();
  let page: Page;

  before(async () => {
    const { controlPlane, signedIn } = at();
    await controlPlane.agent('host-a', ['sbx-api']);
    await controlPlane.call('POST', '/v1/networks', { name: 'dev' });
    await controlPlane.call('POST', `${AT}/attachments`, { sandboxId: 'sbx-api' });
    const { body } = await controlPlane.call('GET', AT);
    const aliases = Array.from({ length: ALIASES - 1 }, (_, index) => ({ alias: nameOf(index), sandboxId: 'sbx-api' }));
    await writeAliases(controlPlane.databaseUrl, { id: String(body.id), version: Number(body.version) }, aliases);
    page = await signedIn('/networks/dev/aliases');
    await list().getByText(nameOf(0), { exact: true }).waitFor();
    await settled();
  });

  const list = (): Locator => page.getByRole('table', { name: 'Aliases' });
  const publish = (alias: string, ports: readonly string[] = ['8080']) =>
    at().controlPlane.call('POST', `${AT}/aliases`, { sandboxId: 'sbx-api', alias, ports });

  /** The page shows the network as applied by every agent, so nothing more changes by itself. */
  async function settled(): Promise<void> {
    await page
      .getByRole('region', { name: 'Last change' })
      .getByText(/applied by 1\/1 agents in/)
      .waitFor();
    const asked = async (): Promise<number> =>
      Number(await page.evaluate('performance.getEntriesByType("resource").length'));
    await waitFor('nothing is asked for two rounds', async () => {
      const before = await asked();
      await page.evaluate(`new Promise((resolve) => setTimeout(resolve, ${2 * ROUND_MS}))`);
      return (await asked()) === before;
    });
  }

  it('takes one more', async () => {
    expect((await publish(nameOf(ALIASES - 1))).status).to.equal(201);
    await settled();
  });

  it('holds the rows near what is seen, says how many there are, and shows the last ones when it is scrolled', async () => {
    expect(await list().getAttribute('aria-rowcount')).to.equal(String(ALIASES + 1));
    expect(await list().getByRole('row').count()).to.be.lessThan(MOST_ROWS);
    // Rows are measured as they come into view, so the end moves while scrolling.
    await waitFor('the last row is there', async () => {
      await page.locator('.scroller').press('End');
      return (
        (await list()
          .getByText(nameOf(ALIASES - 1), { exact: true })
          .count()) === 1
      );
    });
    expect(await list().getByRole('row').count()).to.be.lessThan(MOST_ROWS);
    await waitFor('the first row is there', async () => {
      await page.locator('.scroller').press('Home');
      return (await list().getByText(nameOf(0), { exact: true }).count()) === 1;
    });
  });

  const remember = (elements: string): Promise<unknown> =>
    page.evaluate(`{
      const all = [...document.querySelectorAll('table[aria-label="Aliases"] :is(${elements}):not(.spacer, .spacer *)')];
      window.rendered = all.map((element) => [element, (${MADE_WITH})(element)]);
    }`);
  /** How many of the remembered ones were rendered again, or are gone. */
  const renderedAgain = async (): Promise<number> =>
    Number(
      await page.evaluate(`window.rendered.filter(([element, made]) =>
        !element.isConnected || (${MADE_WITH})(element) !== made).length`),
    );

  it('is not rendered again for what concerns another network', async () => {
    await settled();
    await remember('tr, td');
    await at().controlPlane.call('POST', '/v1/networks', { name: 'other' });
    await page.getByRole('link', { name: 'other', exact: true }).waitFor();
    expect(await renderedAgain()).to.equal(0);
  });

  it('is not rendered again for a rule of its network, though it is asked for again', async () => {
    await settled();
    await remember('tr, td');
    const asked = page.waitForResponse((response) => response.url().includes(`${AT}/aliases`));
    await at().controlPlane.call('POST', `${AT}/rules`, { effect: 'deny', from: 'any', to: nameOf(7), port: 8080 });
    await page
      .getByRole('region', { name: 'Last change' })
      .getByText(`deny any to ${nameOf(7)}:8080`)
      .waitFor();
    await asked;
    await settled();
    expect(await renderedAgain()).to.equal(0);
  });

  it('renders the cells of one row again when one alias changes', async () => {
    await remember('tr:nth-child(-n+10) > td');
    expect((await publish(nameOf(3), ['9090'])).status).to.equal(201);
    const row = list().getByRole('row', { name: new RegExp(`^${nameOf(3)}`) });
    await row.getByText('9090').waitFor();
    await settled();
    const cells = await row.getByRole('cell').count();
    expect(await renderedAgain()).to.equal(cells);
  });

  it('is narrowed by its filter, which stands in the address', async () => {
    await page.keyboard.press('/');
    await page.keyboard.type(nameOf(ALIASES - 1));
    await list().getByText(nameOf(0), { exact: true }).waitFor({ state: 'detached' });
    await list()
      .getByText(nameOf(ALIASES - 1), { exact: true })
      .waitFor();
    expect(page.url()).to.contain(`q=${nameOf(ALIASES - 1)}`);
  });
});
