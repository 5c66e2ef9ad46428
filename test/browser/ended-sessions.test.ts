import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { controlPlanePages } from './control-plane-pages.js';

const FORM = '/networks/dev/policy?add=deny&from=local&to=api&port=8080';
const HALF_A_DAY_MS = 13 * 3_600_000;
const A_MINUTE_MS = 60_000;

describe('a page of the console whose session has ended', function () {
  this.timeout(30_000);
  const at = controlPlanePages();

  before(async () => {
    const { controlPlane } = at();
    await controlPlane.agent('host-a', ['sbx-api']);
    await controlPlane.call('POST', '/v1/networks', { name: 'dev' });
    const api = { sandboxId: 'sbx-api', alias: 'api', ports: ['8080'] };
    await controlPlane.call('POST', '/v1/networks/dev/attachments', api);
  });

  afterEach(() => {
    at().controlPlane.clockAheadMs = 0;
  });

  /** A page with a form that is ready to submit; the test can advance its timers. */
  async function form(): Promise<{ readonly page: Page; readonly tokenId: string }> {
    const { controlPlane, signedIn } = at();
    const { body } = await controlPlane.call('POST', '/v1/tokens', { user: 'ada', role: 'operator' });
    const page = await signedIn('/networks', String(body.token));
    await page.clock.install();
    await page.goto(FORM);
    await page.getByRole('form', { name: 'Add rule' }).getByText('Based on').waitFor();
    await page.locator('footer.status-line').getByText('live', { exact: true }).waitFor();
    return { page, tokenId: String(body.id) };
  }

  const rules = async (): Promise<unknown> =>
    (await at().controlPlane.call('GET', '/v1/networks/dev/rules')).body.items;

  /** At once: a page also learns by itself that its session has ended, and leaves the form. */
  async function submitExpired(page: Page): Promise<void> {
    const deny = await page.getByRole('button', { name: 'Deny', exact: true }).elementHandle();
    at().controlPlane.clockAheadMs = HALF_A_DAY_MS;
    await deny?.dispatchEvent('click');
  }

  async function expectSignIn(page: Page): Promise<void> {
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await page.getByText('Your session has ended.').waitFor();
    await page.getByLabel('Token').waitFor();
    const { pathname, searchParams } = new URL(page.url());
    expect([pathname, searchParams.get('to')]).to.deep.equal(['/sign-in', FORM]);
  }

  /** Timers that would fire within a minute fire now. */
  async function expectQuiet(page: Page): Promise<void> {
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    const address = page.url();
    await page.clock.runFor(A_MINUTE_MS);
    expect(asked).to.deep.equal([]);
    expect(page.url()).to.equal(address);
  }

  it('writes nothing when it has expired, says so, and asks for a token once', async () => {
    const { page } = await form();
    await submitExpired(page);
    await expectSignIn(page);
    expect(await rules()).to.deep.equal([]);
    await expectQuiet(page);
  });

  it('leads back to the same form with a token', async () => {
    const { page } = await form();
    await submitExpired(page);
    await expectSignIn(page);
    at().controlPlane.clockAheadMs = 0;
    await page.getByLabel('Token').fill(at().controlPlane.adminToken);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('form', { name: 'Add rule' }).getByText('Based on').waitFor();
    expect(page.url()).to.equal(`${at().controlPlane.url}${FORM}`);
    await page.locator('footer.status-line').getByText('live', { exact: true }).waitFor();
  });

  const ends: readonly (readonly [string, (tokenId: string) => Promise<void>])[] = [
    [
      'expires',
      async () => {
        at().controlPlane.clockAheadMs = HALF_A_DAY_MS;
      },
    ],
    ['ends with its token', async (tokenId) => void (await at().controlPlane.call('DELETE', `/v1/tokens/${tokenId}`))],
  ];
  for (const [what, end] of ends) {
    it(`says so by itself when it ${what}`, async () => {
      const { page, tokenId } = await form();
      await end(tokenId);
      await expectSignIn(page);
      await expectQuiet(page);
    });
  }

  it('is told from one that was never signed in', async () => {
    const page = await at().open();
    await page.goto(FORM);
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(await page.getByText('Your session has ended.').count()).to.equal(0);
  });
});
