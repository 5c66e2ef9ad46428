import { expect } from 'chai';
import { consoleBrowser } from '#test/support/console-browser.js';
import { makeNetwork } from '#test/support/set-up.js';
import { waitFor } from '#test/support/wait.js';

const ALIASES = 150;
const AT_ONCE = 25;
const MOST_ROWS = 100;

describe('a long list of the console', function () {
  this.timeout(60_000);
  const at = consoleBrowser();

  before(async () => {
    const { stack } = at();
    await makeNetwork(stack, 'dev', { 'sbx-api': null });
    const names = Array.from({ length: ALIASES }, (_, index) => `a${String(index).padStart(4, '0')}`);
    const headers = { authorization: `Bearer ${stack.token}`, 'content-type': 'application/json' };
    for (let first = 0; first < ALIASES; first += AT_ONCE) {
      await Promise.all(
        names.slice(first, first + AT_ONCE).map(async (alias) => {
          const body = JSON.stringify({ sandboxId: 'sbx-api', alias, ports: [8080] });
          const response = await fetch(`${stack.url}/v1/networks/dev/aliases`, { method: 'POST', headers, body });
          if (response.status !== 201) throw new Error(await response.text());
        }),
      );
    }
  });

  it('holds the rows near what is seen, says how many there are, and shows the last ones when it is scrolled', async () => {
    const page = await at().signedIn('/networks/dev/aliases');
    const table = page.getByRole('table', { name: 'Aliases' });
    await table.getByText('a0000', { exact: true }).waitFor();
    expect(await table.getAttribute('aria-rowcount')).to.equal(String(ALIASES + 1));
    expect(await table.getByRole('row').count()).to.be.lessThan(MOST_ROWS);
    expect(await table.getByText('a0149', { exact: true }).count()).to.equal(0);
    // Rows are measured as they come into view, so the end moves while somebody scrolls to it.
    await waitFor('the last row is there', async () => {
      await page.locator('.scroller').press('End');
      return (await table.getByText('a0149', { exact: true }).count()) === 1;
    });
    expect(await table.getByRole('row').count()).to.be.lessThan(MOST_ROWS);
  });

  it('is narrowed by its filter, which stands in the address', async () => {
    const page = await at().signedIn('/networks/dev/aliases');
    await page.getByText('a0000', { exact: true }).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('a0149');
    await page.getByText('a0000', { exact: true }).waitFor({ state: 'detached' });
    await page.getByRole('table', { name: 'Aliases' }).getByText('a0149', { exact: true }).waitFor();
    expect(page.url()).to.contain('q=a0149');
  });
});
