import { expect } from 'chai';
import type { Page } from 'playwright-core';
import { controlPlanePages } from './control-plane-pages.js';

const MOST_BYTES = 300_000;

interface Loaded {
  readonly file: string;
  readonly bytes: number;
}

/** Each file of the console that the page has requested, with its transfer size; without requests of workers. */
async function loaded(page: Page): Promise<readonly Loaded[]> {
  return (await page.evaluate(`[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
    .filter(({ name }) => !name.includes('/v1/'))
    .map(({ name, encodedBodySize }) => ({ file: new URL(name).pathname, bytes: encodedBodySize }))`)) as readonly Loaded[];
}

describe('the first load of the console', function () {
  this.timeout(30_000);
  const at = controlPlanePages();

  it('is under 300 kB with every page but the map, which is loaded when it is opened', async () => {
    const { controlPlane, signedIn } = at();
    await controlPlane.call('POST', '/v1/networks', { name: 'dev' });
    const page = await signedIn('/networks');
    await page.getByRole('link', { name: 'dev', exact: true }).first().click();
    for (const tab of ['Aliases', 'Policy', 'Egress', 'Attachments', 'Members', 'History', 'Diagnostics']) {
      await page.getByRole('navigation', { name: 'dev' }).getByRole('link', { name: tab }).click();
    }
    await page.getByRole('form', { name: 'Test a connection' }).waitFor();
    const files = await loaded(page);
    expect(files.filter(({ bytes }) => bytes === 0).map(({ file }) => file)).to.deep.equal([]);
    expect(files.filter(({ file }) => file.includes('/map-')).map(({ file }) => file)).to.deep.equal([]);
    expect(files.reduce((sum, { bytes }) => sum + bytes, 0)).to.be.within(MOST_BYTES / 4, MOST_BYTES);
    await page.getByRole('navigation', { name: 'dev' }).getByRole('link', { name: 'Map' }).click();
    await page.getByText('No pairs').waitFor();
    expect((await loaded(page)).some(({ file }) => file.includes('/map-'))).to.equal(true);
  });

  it('is sent compressed to whoever takes that, and as it is to everybody else', async () => {
    const { url } = at().controlPlane;
    const html = await (await fetch(url, { headers: { accept: 'text/html' } })).text();
    const script = /src="(\/assets\/[^"]+\.js)"/.exec(html)?.[1] ?? '';
    const texts: string[] = [];
    for (const encoding of ['br', 'gzip', 'identity']) {
      const answer = await fetch(`${url}${script}`, { headers: { 'accept-encoding': encoding } });
      expect(answer.headers.get('content-encoding') ?? 'identity').to.equal(encoding);
      expect(answer.headers.get('vary')).to.match(/accept-encoding/i);
      expect(answer.headers.get('content-type')).to.match(/javascript/);
      texts.push(await answer.text());
    }
    expect(new Set(texts).size).to.equal(1);
  });
});
