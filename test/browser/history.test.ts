import { expect } from 'chai';
import type { Locator, Page } from 'playwright-core';
import type { HistoryPageDto } from '#libs/contracts/http/history.js';
import { look, visit } from '#test/support/console-look.js';
import { waitFor } from '#test/support/wait.js';
import { controlPlanePages } from './control-plane-pages.js';

const HISTORY = '/networks/dev/history';
const AT = '/v1/networks/dev';

/** What is written before the tests, by version; the last is the newest. */
const LIFE = [
  'created',
  'attach sbx-web on host-a',
  'publish web by sbx-web on 8080',
  'attach sbx-api on host-b',
  'publish api by sbx-api on 8080',
  'allow web to api:8080',
  'deny any to api:8080',
];

describe("a network's history", function () {
  this.timeout(60_000);
  const at = controlPlanePages();
  let page: Page;
  let deny: string;

  const write = async (method: string, path: string, body?: object): Promise<string> => {
    const answer = await at().controlPlane.call(method, `${AT}${path}`, body);
    expect(answer.status, answer.text).to.be.oneOf([200, 201]);
    return String((answer.body.result as { readonly id?: string }).id);
  };
  const rule = (body: object): Promise<string> => write('POST', '/rules', { to: 'api', port: 8080, ...body });
  const applied = () =>
    waitFor('every agent has applied it', async () => {
      const { body } = await at().controlPlane.call('GET', AT);
      const { confirmed, expected } = body.applied as { readonly confirmed: number; readonly expected: number };
      return confirmed === expected;
    });

  before(async () => {
    const { controlPlane, signedIn } = at();
    await controlPlane.agent('host-a', ['sbx-web']);
    await controlPlane.agent('host-b', ['sbx-api']);
    await controlPlane.call('POST', '/v1/networks', { name: 'dev' });
    await write('POST', '/attachments', { sandboxId: 'sbx-web', alias: 'web', ports: ['8080'] });
    await write('POST', '/attachments', { sandboxId: 'sbx-api', alias: 'api', ports: ['8080'] });
    await rule({ effect: 'allow', from: 'web' });
    deny = await rule({ effect: 'deny', from: 'any' });
    await applied();
    page = await signedIn(HISTORY);
    await page.locator('footer.status-line').getByText('live', { exact: true }).waitFor();
  });

  const changes = (): Locator => page.getByRole('table', { name: 'Changes' }).locator('tbody tr');
  const filter = (): Locator => page.getByRole('form', { name: 'Filter changes' });
  const search = (): URLSearchParams => new URL(page.url()).searchParams;
  const row = (version: number): Locator =>
    changes().filter({ has: page.getByRole('cell', { name: `v${version}`, exact: true }) });

  it('lists who wrote what and when, with the command: the newest first, and what comes while it is open', async () => {
    await row(7).waitFor();
    const texts = await changes().locator('td:nth-child(4) > span').allTextContents();
    expect(texts.toReversed()).to.deep.equal(LIFE);
    const { items }: HistoryPageDto = JSON.parse((await at().controlPlane.call('GET', `${AT}/history`)).text);
    const [newest] = items;
    expect(await row(7).locator('td:nth-child(3)').textContent()).to.equal(newest?.actor);
    expect(await row(7).locator('time').getAttribute('datetime')).to.equal(newest?.at);
    expect(await row(7).locator('td:nth-child(5) span').getAttribute('title')).to.equal(newest?.commandId);
    await look(page, 'history', 'What was written');
    await write('POST', '/aliases', { sandboxId: 'sbx-api', alias: 'late', ports: ['9090'] });
    await row(8).getByText('publish late by sbx-api on 9090').waitFor();
  });

  it('is filtered by what it is about, by whom and since when, all in the address', async () => {
    await filter().getByLabel('About').selectOption('rules');
    await row(5).waitFor({ state: 'detached' });
    await row(7).waitFor();
    expect(await changes().count()).to.equal(2);
    expect(search().get('kind')).to.equal('rules');
    await filter().getByLabel('By').fill('nobody');
    await filter().getByRole('button', { name: 'Show' }).click();
    await page.getByText('No such change.').waitFor();
    expect(search().get('actor')).to.equal('user:nobody');
    await look(page, 'history-empty', 'No such change.');
    await page.getByRole('link', { name: 'Show all' }).click();
    await row(1).waitFor();
    await filter().getByLabel('Since').fill('1d');
    await filter().getByRole('button', { name: 'Show' }).click();
    await row(1).waitFor();
    expect(Date.parse(search().get('since') ?? '')).to.be.closeTo(Date.now() - 86_400_000, 60_000);
    await page
      .getByText(/network history dev --since 2/)
      .first()
      .waitFor();
    await filter().getByLabel('Until').fill('1h');
    await filter().getByRole('button', { name: 'Show' }).click();
    await page.getByText('No such change.').waitFor();
    expect(Date.parse(search().get('until') ?? '')).to.be.closeTo(Date.now() - 3_600_000, 60_000);
    await filter().getByLabel('Since').fill('yesterday');
    await filter().getByLabel('Until').focus();
    await filter().getByText('how long ago, such as 2h').waitFor();
    await visit(page, `${HISTORY}?since=yesterday`);
    await page.getByRole('alert').getByText('INVALID_INPUT').waitFor();
  });

  it('goes from the newest to the older ones and back', async () => {
    const egress = Array.from({ length: 60 }, (_, index) => ({
      ...{ effect: 'allow', from: 'any', to: `a${index}.example.com`, port: 443 },
    }));
    await at().controlPlane.call('POST', '/v1/networks', { name: 'long' });
    const { text, status } = await at().controlPlane.call('PUT', '/v1/networks/long/declaration', { egress });
    expect(status, text).to.equal(200);
    await visit(page, '/networks/long/history');
    await row(61).waitFor();
    await page.getByRole('link', { name: 'Older' }).click();
    await row(1).waitFor();
    expect(await changes().count()).to.equal(11);
    await page.getByRole('link', { name: 'Newest' }).click();
    await row(61).waitFor();
  });

  it('says what one version changed: who gained and lost what, by words and lines, and what was written', async () => {
    await visit(page, HISTORY);
    await page.getByRole('link', { name: 'what it changed, v7' }).click();
    const table = page.getByRole('table', { name: 'Gained and lost' });
    await table.getByText('lost').waitFor();
    expect(await table.locator('tbody tr').allTextContents()).to.deep.equal(['lostsandbox:sbx-webapi:8080why']);
    const line = page.locator('.map-line');
    await line.waitFor();
    expect(await line.getAttribute('class')).to.match(/ deny /);
    expect(await line.locator('.flows').textContent()).to.equal('lost');
    const ends = async () => ({
      bars: await line.locator('.stop').count(),
      arrows: await line.locator('.head').count(),
    });
    expect(await ends()).to.deep.equal({ bars: 1, arrows: 0 });
    expect(await page.getByRole('table', { name: 'Written in between' }).textContent()).to.contain('deny any to api');
    await look(page, 'history-diff-lost', '1 lost');
    await visit(page, `${HISTORY}/diff?from=7&to=6`);
    await table.getByText('gained').waitFor();
    expect(await line.getAttribute('class')).to.match(/ allow /);
    expect(await line.locator('.flows').textContent()).to.equal('gained');
    expect(await ends()).to.deep.equal({ bars: 0, arrows: 1 });
  });

  it('compares two versions that are typed, and says when both let through the same', async () => {
    await visit(page, HISTORY);
    const compare = page.getByRole('form', { name: 'Compare two versions' });
    await compare.getByLabel('Version or time').fill('2');
    await compare.getByLabel('compared with').fill('5');
    await compare.getByRole('button', { name: 'Compare' }).click();
    await page.getByText('Everybody may reach the same at both.').waitFor();
    expect([search().get('from'), search().get('to')]).to.deep.equal(['2', '5']);
    await visit(page, `${HISTORY}/diff?from=2&to=500`);
    await page.getByRole('alert').getByText('VERSION_NOT_FOUND').waitFor();
  });

  it('explains a verdict at a version: the rule, who made it, and what was applied where by then', async () => {
    await visit(page, `${HISTORY}/diff?from=6&to=7`);
    await page.getByRole('link', { name: 'why sandbox:sbx-web to api:8080' }).click();
    const told = page.getByRole('region', { name: 'Explanation' });
    await told.getByText(`Denied by ${deny}`).waitFor();
    const text = (await told.textContent()) ?? '';
    expect(text).to.contain('deny any to api:8080');
    expect(text).to.match(/v7 by user:admin at/);
    const ends = await told.locator('tbody tr').allTextContents();
    expect(ends.map((end) => end.replace(/\d{1,2}:.*\d\d(?=deny)/, ' '))).to.deep.equal([
      'host-asourcev7 deny',
      'host-btargetv7 deny',
    ]);
    await look(page, 'history-explain', 'What was applied where');
    const form = page.getByRole('form', { name: 'Explain a verdict' });
    await form.getByLabel('At version or time').fill('6');
    await form.getByRole('button', { name: 'Explain' }).click();
    await told.getByText('Allowed by').waitFor();
    expect(await told.textContent()).to.contain('allow web to api:8080');
    expect(search().get('at')).to.equal('6');
    await visit(page, `${HISTORY}/explain?from=sandbox:sbx-web&to=api&port=8080&at=2`);
    await told.getByText('There is no alias api.').waitFor();
  });

  it('says since when a verdict is so, and by which change', async () => {
    await visit(page, `${HISTORY}/explain?from=sandbox:sbx-web&to=api&port=8080`);
    const turns = page.getByRole('table', { name: 'Turns of the verdict' }).locator('tbody tr');
    await turns.first().waitFor();
    const said = await turns.locator('td:nth-child(1)').allTextContents();
    expect(said.slice(0, 3)).to.deep.equal(['v7', 'v6', 'v5']);
    await page.getByText('since v7 by user:admin').waitFor();
    await turns.nth(1).getByRole('link', { name: 'explain v6' }).click();
    await page.getByRole('region', { name: 'Explanation' }).getByText('Allowed by').waitFor();
  });

  it('reverts to a version, after it has said who gains and who loses what', async () => {
    await visit(page, HISTORY);
    await page.getByRole('link', { name: 'revert to it, v6' }).click();
    const form = page.getByRole('form', { name: 'Revert to v6' });
    await form.getByText('may then reach').waitFor();
    expect(search().get('revert')).to.equal('6');
    expect(await form.textContent()).to.match(/sandbox:sbx-web may then reach api:8080.*Based on v8/s);
    expect(await form.textContent()).to.contain('gstacks network revert dev --to 6 --yes --wait');
    await look(page, 'history-revert', 'may then reach');
    await form.getByRole('button', { name: 'Revert', exact: true }).click();
    const receipt = page.getByRole('region', { name: 'Last change' }).filter({ hasText: 'revert to v6' });
    await receipt.getByText(/applied by 2\/2 agents/).waitFor();
    await changes().getByText('remove alias late').waitFor();
    await changes().getByText(`remove ${deny}`).waitFor();
    await form.waitFor({ state: 'detached' });
    const { version } = (await at().controlPlane.call('GET', AT)).body;
    const { gained, lost } = (await at().controlPlane.call('GET', `${AT}/diff?from=6&to=${version}`)).body;
    expect({ gained, lost }, 'all is as it was at v6').to.deep.equal({ gained: [], lost: [] });
  });

  it('shows whoever may only look everything, and no way to revert', async () => {
    const { signedIn, token } = at();
    const viewer = await signedIn(HISTORY, await token('vera', 'viewer'));
    await viewer.getByText('Reverting needs the role operator.').waitFor();
    await viewer.getByRole('link', { name: 'since then, v6' }).waitFor();
    expect(await viewer.getByRole('link', { name: /revert/ }).count()).to.equal(0);
    await viewer.goto(`${HISTORY}?revert=6`);
    await viewer.getByRole('table', { name: 'Changes' }).waitFor();
    expect(await viewer.getByRole('form', { name: 'Revert to v6' }).count()).to.equal(0);
  });
});
