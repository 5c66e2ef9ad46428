import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { TestControlPlane } from '#test/integration/control-plane/setup.js';
import { CLONE } from '#test/support/clone.js';
import { consolePages } from '#test/support/console-browser.js';

/** What a later release may send: unknown event names, data of other shapes, and events without data. */
const LATER = [
  'event: tunnel\nid: 1-000000000000\ndata: {"network":"dev","tunnel":{"deep":[1]}}\n\n',
  'event: constructor\ndata: null\n\n',
  'event: quota\ndata: "a text"\ndata: \ndata: {\n\n',
  'event: <b>\ndata: 7\n\n',
  ': a comment\nretry: 5\nlater: yes\n\n',
].join('');
/** The third is not JSON, so it counts as not sent; the fifth is not an event. */
const SKIPPED = 3;

/** A control plane of a later release: its stream begins with events that the page does not know. */
async function laterRelease(controlPlaneUrl: string): Promise<Server> {
  const { hostname, port } = new URL(controlPlaneUrl);
  const server = createServer((asked, answer) => {
    const { method, url: path, headers } = asked;
    const passedOn = request({ hostname, port, method, path, headers }, (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      if (path === '/v1/events') answer.write(LATER);
      response.pipe(answer);
    });
    asked.pipe(passedOn);
    answer.once('close', () => passedOn.destroy());
    passedOn.once('error', () => answer.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

describe('events that a later release sends', function () {
  this.timeout(30_000);
  let controlPlane: TestControlPlane;
  let later: Server;

  before(async () => {
    controlPlane = await TestControlPlane.start({ GLOBALSTACKS_CONSOLE_DIR: join(CLONE, 'dist', 'console') });
    later = await laterRelease(controlPlane.url);
  });

  const { signedIn } = consolePages(() => ({
    url: `http://127.0.0.1:${(later.address() as AddressInfo).port}`,
    token: controlPlane.adminToken,
  }));

  after(async () => {
    later.closeAllConnections();
    later.close();
    await controlPlane.end();
  });

  it('are skipped and counted, and what follows is shown', async () => {
    await controlPlane.call('POST', '/v1/networks', { name: 'dev' });
    const page = await signedIn('/networks');
    const statusLine = page.locator('footer.status-line');
    await statusLine.getByText('live', { exact: true }).waitFor();
    await page.keyboard.press('?');
    const keys = page.getByRole('region', { name: 'Keys' });
    await keys.getByText(`does not know, skipped: ${SKIPPED}`).waitFor();
    await controlPlane.call('POST', '/v1/networks', { name: 'afterwards' });
    await page.getByRole('link', { name: 'afterwards', exact: true }).first().waitFor();
    expect(await statusLine.getByText('live', { exact: true }).count()).to.equal(1);
    expect(await keys.getByText(`skipped: ${SKIPPED}`).count()).to.equal(1);
  });
});
