import { expect } from 'chai';
import { consoleBrowser } from '#test/support/console-browser.js';

describe('signing in to the console', function () {
  this.timeout(60_000);
  const at = consoleBrowser();

  before(async () => {
    const { stack } = at();
    await stack.json(['network', 'create', 'dev']);
    await stack.json(['network', 'create', 'staging']);
  });

  it('is one link of the ready block away; the list shows each network with its DNS suffix, as text', async () => {
    const { stack, open } = at();
    const link = /^console: (\S+)$/m.exec(stack.output())?.[1] ?? '';
    const page = await open();
    await page.goto(link);
    const table = page.getByRole('table').first();
    await table.getByRole('cell', { name: 'staging.gstacks', exact: true }).waitFor();
    for (const text of ['dev', 'dev.gstacks', 'staging', 'staging.gstacks']) {
      expect(await table.getByText(text, { exact: true }).filter({ visible: true }).count(), text).to.equal(1);
    }
    expect(page.url()).to.equal(`${stack.url}/networks`);
    expect(await page.evaluate('JSON.stringify([localStorage, sessionStorage, document.cookie])')).to.equal(
      '[{},{},""]',
    );
  });

  it('sends whoever is not signed in to a page that asks for a token, and back to where they were', async () => {
    const { stack, open } = at();
    const page = await open();
    await page.goto('/networks/dev/policy?effect=deny');
    await page.getByLabel('Token').fill(stack.token);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'dev' }).waitFor();
    expect(page.url()).to.equal(`${stack.url}/networks/dev/policy?effect=deny`);
  });

  it('says when a one-time link was used, and how to make another', async () => {
    const { open, link } = at();
    const path = await link();
    const [first, second] = [await open(), await open()];
    await first.goto(path);
    await first.getByRole('heading', { name: 'Networks', exact: true }).waitFor();
    await second.goto(path);
    const alert = second.getByRole('alert');
    await alert.waitFor();
    expect(await alert.textContent()).to.match(/used at .*SIGN_IN_CODE_USED/s);
    expect(second.url()).to.not.contain('gsc_');
    expect(await second.getByText('gstacks console').first().isVisible()).to.equal(true);
  });

  it('does not let a bad token in, and shows no more of it', async () => {
    const { open } = at();
    const page = await open();
    await page.goto('/sign-in');
    await page.getByLabel('Token').fill('gst_wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').waitFor();
    expect(await page.locator('body').textContent()).to.not.contain('gst_wrong');
  });

  it('ends with a session that is ended elsewhere: the open page asks to sign in', async () => {
    const { signedIn } = at();
    const [page, other] = [await signedIn('/networks/dev'), await signedIn('/sessions')];
    await page.getByRole('heading', { name: 'dev' }).waitFor();
    await other.getByRole('button', { name: 'Sign out everywhere' }).click();
    await other.getByRole('heading', { name: 'Sign in' }).waitFor();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(page.url()).to.contain('to=%2Fnetworks%2Fdev');
  });

  it('shows a viewer everything but tokens, and says what the role may not do', async () => {
    const { signedIn, token } = at();
    const page = await signedIn('/networks', await token('vera', 'viewer'));
    await page.getByText('You look on as viewer. Creating networks needs the role operator.').waitFor();
    expect(await page.getByRole('button', { name: 'Create network' }).isDisabled()).to.equal(true);
    expect(await page.getByRole('link', { name: 'Tokens' }).count()).to.equal(0);
    await page.goto('/networks/dev/policy?add=deny');
    await page.getByText('You look on as viewer. Rules need the role operator.').waitFor();
    expect(await page.getByRole('form', { name: 'Add rule' }).count()).to.equal(0);
    await page.goto('/tokens');
    await page.getByText("Tokens are an admin's to see. You are signed in as viewer.").waitFor();
  });
});
