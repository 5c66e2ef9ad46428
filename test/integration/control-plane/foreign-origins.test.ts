import { expect } from 'chai';
import { callApi } from './api.js';
import { Browser } from './browser.js';
import { TestControlPlane } from './setup.js';

describe('requests that another page makes a signed-in browser send', () => {
  let controlPlane: TestControlPlane;
  let browser: Browser;
  let url: URL;

  before(async () => {
    controlPlane = await TestControlPlane.start();
    browser = await Browser.signIn(controlPlane.url, { token: controlPlane.adminToken });
    url = new URL(controlPlane.url);
  });

  after(() => controlPlane.end());

  const foreign = (): readonly (readonly [string, Record<string, string>])[] => [
    ['another port of this host', { origin: `http://127.0.0.1:${Number(url.port) + 1}` }],
    ['another name of this host', { origin: `http://localhost:${url.port}` }],
    ['another site', { origin: 'https://example.com' }],
    ['a sandboxed frame or a file', { origin: 'null' }],
    ['an origin that is none', { origin: `http://${url.host}/` }],
    ['own origin, said to be of the same site only', { origin: controlPlane.url, 'sec-fetch-site': 'same-site' }],
    ['no origin, said to be cross-site', { 'sec-fetch-site': 'cross-site' }],
  ];

  it('are refused as writes, and write nothing', async () => {
    for (const [who, headers] of [...foreign(), ['nobody', {}] as const]) {
      const answer = await browser.callFrom(headers, 'POST', '/v1/networks', { name: 'stolen' });
      expect([answer.status, answer.body.code], who).to.deep.equal([403, 'FOREIGN_ORIGIN']);
    }
    expect((await browser.call('GET', '/v1/networks')).body.items).to.deep.equal([]);
  });

  it('are refused as reads', async () => {
    for (const [who, headers] of foreign()) {
      const answer = await browser.callFrom(headers, 'GET', '/v1/tokens');
      expect([answer.status, answer.body.code], who).to.deep.equal([403, 'FOREIGN_ORIGIN']);
    }
  });

  it('do not sign it in as somebody else', async () => {
    for (const [who, headers] of foreign().filter(([, { origin }]) => origin !== undefined)) {
      const answer = await browser.callFrom(headers, 'POST', '/v1/sessions', { token: controlPlane.adminToken });
      expect([answer.status, answer.headers.get('set-cookie')], who).to.deep.equal([403, null]);
    }
  });

  it('are told from those of the console, and from those with a token', async () => {
    const own = { 'sec-fetch-site': 'same-origin' };
    expect((await browser.call('POST', '/v1/networks', { name: 'own' }, own)).status).to.equal(201);
    expect((await browser.call('GET', '/v1/networks', undefined, own)).status).to.equal(200);
    const program = { authorization: `Bearer ${controlPlane.adminToken}`, origin: 'https://example.com' };
    expect((await callApi(controlPlane.url, 'POST', '/v1/networks', { name: 'program' }, program)).status).to.equal(
      201,
    );
  });

  it('get no leave to read answers, whoever asks', async () => {
    const answer = await callApi(controlPlane.url, 'OPTIONS', '/v1/networks', undefined, {
      origin: 'https://example.com',
      'access-control-request-method': 'POST',
    });
    expect(answer.headers.get('access-control-allow-origin')).to.equal(null);
  });
});
