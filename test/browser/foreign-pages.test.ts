import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import type { BrowserContext, Page } from 'playwright-core';
import { waitFor } from '#test/support/wait.js';
import { controlPlanePages } from './control-plane-pages.js';

/** What a page of another program on this host tries; each is a promise in that page, and `url` is the console's. */
const attempts: readonly (readonly [what: string, promise: string, status: number])[] = [
  ['a read', `fetch(url + '/v1/tokens', { credentials: 'include' })`, 403],
  [
    'a read whose answer it need not see',
    `fetch(url + '/v1/tokens', { credentials: 'include', mode: 'no-cors' })`,
    403,
  ],
  [
    'the stream of events',
    `new Promise((open, refused) => Object.assign(
    new EventSource(url + '/v1/events', { withCredentials: true }), { onopen: open, onerror: refused }))`,
    403,
  ],
  ['the stream, without seeing it', `fetch(url + '/v1/events', { credentials: 'include', mode: 'no-cors' })`, 403],
  [
    'a write without a body',
    `fetch(url + '/v1/sign-in-codes', { method: 'POST', credentials: 'include', mode: 'no-cors' })`,
    403,
  ],
  [
    'JSON that says it is text',
    `fetch(url + '/v1/networks', { method: 'POST', credentials: 'include', mode: 'no-cors',
    body: '{"name":"stolen"}' })`,
    415,
  ],
  // The browser sends a preflight request, gets no permission, and sends no more.
  [
    'JSON',
    `fetch(url + '/v1/networks', { method: 'POST', credentials: 'include', body: '{"name":"stolen"}',
    headers: { 'content-type': 'application/json' } })`,
    0,
  ],
  ['a deletion', `fetch(url + '/v1/networks/dev', { method: 'DELETE', credentials: 'include' })`, 0],
];

describe('a page of another program on this host, in a browser that is signed in', function () {
  this.timeout(30_000);
  const at = controlPlanePages();
  let server: Server;
  let elsewhere: string;
  let context: BrowserContext;
  let own: Page;
  let foreign: Page;
  /** Requests of the foreign page to the control plane, and the status of each answer, by the request's id. */
  const asked = new Set<string>();
  const statuses = new Map<string, number>();
  /** The control plane's answers to the foreign page, including those that the browser withholds from it. */
  const answered = (): readonly number[] =>
    [...statuses].filter(([requestId]) => asked.has(requestId)).map(([, status]) => status);

  before(async () => {
    const { controlPlane, signedIn } = at();
    await controlPlane.call('POST', '/v1/networks', { name: 'dev' });
    server = createServer((_request, response) => {
      response.setHeader('content-type', 'text/html');
      response.end('<!doctype html><title>elsewhere</title>');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    elsewhere = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    own = await signedIn('/networks');
    await own.locator('footer.status-line').getByText('live', { exact: true }).waitFor();
    context = own.context();
    foreign = await context.newPage();
    await foreign.goto(elsewhere);
    const network = await context.newCDPSession(foreign);
    // Each comes from another process of the browser, so a status may be reported before its request.
    network.on('Network.requestWillBeSent', ({ requestId, request: { url, method } }) => {
      if (url.startsWith(controlPlane.url) && method !== 'OPTIONS') asked.add(requestId);
    });
    network.on('Network.responseReceivedExtraInfo', ({ requestId, statusCode }) => {
      statuses.set(requestId, statusCode);
    });
    await network.send('Network.enable');
  });

  beforeEach(() => {
    asked.clear();
    statuses.clear();
  });

  after(() => {
    server.closeAllConnections();
    server.close();
  });

  const networks = async (): Promise<unknown> => {
    const { body } = await at().controlPlane.call('GET', '/v1/networks');
    return (body.items as readonly { readonly name: string }[]).map(({ name }) => name);
  };

  it('is sent with the cookie of the session, which alone would let it in', async () => {
    const cookies = await context.cookies(elsewhere);
    expect(cookies.map(({ name, httpOnly, sameSite }) => [name, httpOnly, sameSite])).to.deep.equal([
      [`gstacks_session_${new URL(at().controlPlane.url).port}`, true, 'Strict'],
    ]);
  });

  for (const [what, promise, status] of attempts) {
    it(`is refused ${what}`, async () => {
      const url = at().controlPlane.url;
      const ended = await foreign.evaluate(
        `(() => { const url = '${url}'; return ${promise}.then(() => 'done', () => 'refused'); })()`,
      );
      expect(ended).to.equal('refused');
      if (status !== 0) await waitFor('it is answered', () => answered().length > 0);
      // 401 would mean that the cookie was not sent, and that nothing was tested.
      expect(new Set(answered())).to.deep.equal(new Set(status === 0 ? [] : [status]));
      expect(await networks()).to.deep.equal(['dev']);
    });
  }

  it('is refused a form, sent as text that reads as JSON', async () => {
    await foreign.evaluate(`
      document.body.innerHTML = '<form method="post" enctype="text/plain"><input></form>';
      document.forms[0].action = '${at().controlPlane.url}/v1/networks';
      document.querySelector('input').name = '{"name":"stolen","x":"';
      document.querySelector('input').value = '"}';
      document.forms[0].submit();`);
    // The form navigates there: requesting another page before that has loaded would cancel it.
    await foreign.waitForURL(`${at().controlPlane.url}/v1/networks`);
    expect(answered()).to.deep.equal([415]);
    expect(await networks()).to.deep.equal(['dev']);
    await foreign.goto(elsewhere);
  });

  it('may not show the console in a frame', async () => {
    await foreign.evaluate(`
      window.framed = new Promise((resolve) => {
        const frame = document.createElement('iframe');
        frame.onload = () => resolve(true);
        frame.src = '${at().controlPlane.url}/networks';
        document.body.append(frame);
      })`);
    await foreign.evaluate('window.framed');
    expect(foreign.frames()[1]?.url()).to.equal('chrome-error://chromewebdata/');
  });

  it('may lead to the console, where the user is who they were', async () => {
    await foreign.evaluate(`location.href = '${at().controlPlane.url}/networks'`);
    await foreign.getByRole('heading', { name: 'Networks', exact: true }).waitFor();
    expect(await own.locator('footer.status-line').getByText('live', { exact: true }).count()).to.equal(1);
  });
});
