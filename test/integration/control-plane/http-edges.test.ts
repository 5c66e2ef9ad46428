import { expect } from 'chai';
import { callApi } from './api.js';
import { TestControlPlane } from './setup.js';

const PUBLIC_REQUESTS = 3;

describe('what the HTTP API makes of requests at its edges', () => {
  let controlPlane: TestControlPlane;

  before(async () => {
    controlPlane = await TestControlPlane.start({
      GLOBALSTACKS_TRUSTED_PROXIES: '127.0.0.1',
      GLOBALSTACKS_PUBLIC_REQUESTS_PER_MINUTE: String(PUBLIC_REQUESTS),
    });
    await controlPlane.call('POST', '/v1/networks', { name: 'dev' });
    await controlPlane.agent('host-a', ['sbx-api']);
    await controlPlane.call('POST', '/v1/networks/dev/attachments', { sandboxId: 'sbx-api' });
  });

  after(() => controlPlane.end());

  for (const [method, path, allow] of [
    ['PUT', '/v1/networks', 'GET, HEAD, POST'],
    ['DELETE', '/v1/networks', 'GET, HEAD, POST'],
    ['PATCH', '/v1/networks/dev', 'DELETE, GET, HEAD'],
    ['GET', '/v1/sign-in-codes', 'POST'],
    ['POST', '/healthz?x=1', 'GET, HEAD'],
    ['OPTIONS', '/v1/tokens', 'GET, HEAD, POST'],
  ] as const) {
    it(`answers ${method} ${path} with 405 and Allow: ${allow}`, async () => {
      const { status, body, headers } = await controlPlane.call(method, path);
      expect([status, body.code, headers.get('allow')]).to.deep.equal([405, 'METHOD_NOT_ALLOWED', allow]);
      expect(headers.get('content-type')).to.match(/^application\/problem\+json/);
    });
  }

  it('answers 404 where no method has a route', async () => {
    for (const path of ['/v1/nothing', '/v1/networks/dev/nothing']) {
      const { status, body, headers } = await controlPlane.call('POST', path);
      expect([status, body.code, headers.get('allow')]).to.deep.equal([404, 'ROUTE_NOT_FOUND', null]);
    }
  });

  it('accepts a request without a body that says it would be JSON', async () => {
    const json = { 'content-type': 'application/json' };
    for (const [method, path] of [
      ['POST', '/v1/networks/dev/attachments/sbx-api/reattach'],
      ['DELETE', '/v1/networks/dev/attachments/sbx-api'],
    ] as const) {
      const { status, text } = await controlPlane.call(method, path, undefined, json);
      expect(status, text).to.equal(200);
    }
  });

  it('says that a body is missing, and still refuses one that is no JSON, or would change prototypes', async () => {
    const json = { 'content-type': 'application/json' };
    for (const [body, code, detail] of [
      [undefined, 'INVALID_INPUT', 'body is missing'],
      ['{', 'MALFORMED_REQUEST', 'cannot be read'],
      ['{"__proto__":{}}', 'MALFORMED_REQUEST', 'cannot be read'],
    ] as const) {
      const answer = await controlPlane.call('POST', '/v1/networks', body, json);
      expect([answer.status, answer.body.code]).to.deep.equal([400, code]);
      expect(answer.body.detail).to.contain(detail).and.not.contain('undefined');
    }
  });

  it('takes the ports of an alias as it answers them', async () => {
    const publish = (body: object) => controlPlane.call('POST', '/v1/networks/dev/aliases', body);
    await controlPlane.call('POST', '/v1/networks/dev/attachments', { sandboxId: 'sbx-api' });
    const first = await publish({ sandboxId: 'sbx-api', alias: 'api', ports: ['80:8080', 9090] });
    expect(first.status, first.text).to.equal(201);
    const { body } = await controlPlane.call('GET', '/v1/networks/dev/aliases');
    const [{ ports }] = body.items as [{ ports: unknown }];
    const again = await publish({ sandboxId: 'sbx-api', alias: 'api', ports });
    expect([again.status, again.body.changed], again.text).to.deep.equal([201, false]);
  });

  it('counts those behind a trusted proxy apart', async () => {
    const statuses = async (client: string) => {
      const headers = { 'x-forwarded-for': client };
      const answers: number[] = [];
      for (let sent = 0; sent <= PUBLIC_REQUESTS; sent += 1) {
        answers.push((await callApi(controlPlane.url, 'POST', '/v1/sessions', {}, headers)).status);
      }
      return answers.map((status) => status === 429);
    };
    const expected = [...Array.from({ length: PUBLIC_REQUESTS }, () => false), true];
    expect(await statuses('203.0.113.5')).to.deep.equal(expected);
    expect(await statuses('203.0.113.6')).to.deep.equal(expected);
  });
});
