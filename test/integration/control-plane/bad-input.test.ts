import { request } from 'node:http';
import { connect } from 'node:net';
import { expect } from 'chai';
import { createUser } from '#libs/bus/nats-keys.js';
import { query } from '#test/support/postgres.js';
import { callApi } from './api.js';
import { TestControlPlane } from './setup.js';
import { enrollmentBody } from './simulated-agent.js';

interface BadRequest {
  readonly what: string;
  readonly method: string;
  readonly path: string;
  /** A function, because the signature is made for the time of sending. */
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly status: number;
  readonly code: string;
}

const AT = '/v1/networks/dev';
const attach = { sandboxId: 'sbx-api', alias: 'other', ports: ['8080'] };
const rule = { effect: 'allow', from: 'local', to: 'api', port: 8080 };
const batch = { effect: 'allow', from: ['local'], to: 'api', ports: [8080] };
const post = (what: string, path: string, body: unknown, code = 'INVALID_INPUT', status = 400): BadRequest => ({
  what,
  method: 'POST',
  path,
  body,
  status,
  code,
});
const withHeader = (what: string, name: string, value: string, code: string, status = 400): BadRequest => ({
  what,
  method: 'POST',
  path: `${AT}/rules`,
  body: rule,
  headers: { [name]: value },
  status,
  code,
});
const get = (what: string, path: string, code = 'INVALID_INPUT', status = 400): BadRequest => ({
  what,
  method: 'GET',
  path,
  status,
  code,
});

const requests: readonly BadRequest[] = [
  post('a network name in capitals', '/v1/networks', { name: 'Dev' }),
  post('a network name that begins with a hyphen', '/v1/networks', { name: '-dev' }),
  post('a network name of 64 characters', '/v1/networks', { name: 'a'.repeat(64) }),
  post('a network name that is a number', '/v1/networks', { name: 7 }),
  post('no name', '/v1/networks', {}, 'FIELD_MISSING'),
  post('a name that is null', '/v1/networks', { name: null }),
  post('a field that does not exist', '/v1/networks', { name: 'new', nmae: 'x' }, 'UNKNOWN_FIELD'),
  post('a prototype in the body', '/v1/networks', '{"name":"new","__proto__":{"x":1}}', 'MALFORMED_REQUEST'),
  post('a constructor in the body', '/v1/networks', '{"name":"new","constructor":"x"}'),
  {
    ...{ what: 'a label called as what the framework strips', method: 'PATCH', path: '/v1/sandboxes/sbx-api/labels' },
    ...{ body: { set: { tier: 'web', constructor: 'x' } }, status: 400, code: 'INVALID_INPUT' },
  },
  post('the mode that is not there yet', '/v1/networks', { name: 'new', mode: 'routed_mesh' }, 'MODE_UNAVAILABLE', 422),
  post('an unknown mode', '/v1/networks', { name: 'new', mode: 'bridge' }),
  post('a staleness of a second', '/v1/networks', { name: 'new', maxStaleness: '1s' }),
  post('a staleness of nothing', '/v1/networks', { name: 'new', maxStaleness: '' }),
  post('a name of ten thousand lists', '/v1/networks', `{"name":${'['.repeat(10_000)}${']'.repeat(10_000)}}`),
  post('a body that is a list', '/v1/networks', []),
  post('a body that is text', '/v1/networks', '"dev"'),
  post('a body that is null', '/v1/networks', 'null'),
  post('a body that is not JSON', '/v1/networks', '{"name":', 'MALFORMED_REQUEST'),
  post('a body of half a megabyte', '/v1/networks', { name: 'a'.repeat(500_000) }, 'BODY_TOO_LARGE', 413),
  post('a sandbox id with a slash', `${AT}/attachments`, { sandboxId: 'a/b' }),
  post('an alias without ports', `${AT}/attachments`, { sandboxId: 'sbx-api', alias: 'x' }, 'ALIAS_AND_PORTS_TOGETHER'),
  post(
    'ports without an alias',
    `${AT}/attachments`,
    { sandboxId: 'sbx-api', ports: ['1'] },
    'ALIAS_AND_PORTS_TOGETHER',
  ),
  post('an agent with a name of the bus', '/v1/agents/enrollment-tokens', { name: 'local' }, 'AGENT_NAME_RESERVED'),
  post('an alias that is a selector', `${AT}/attachments`, { ...attach, alias: 'local' }, 'ALIAS_RESERVED'),
  post('an alias with a dot', `${AT}/attachments`, { ...attach, alias: 'a.b' }),
  post('port 0', `${AT}/attachments`, { ...attach, ports: ['0'] }),
  post('port 65536', `${AT}/attachments`, { ...attach, ports: ['65536'] }),
  post('a port with a sign', `${AT}/attachments`, { ...attach, ports: ['+80'] }),
  post('a UDP port', `${AT}/attachments`, { ...attach, ports: ['53/udp'] }, 'UDP_UNSUPPORTED'),
  post('no ports', `${AT}/attachments`, { ...attach, ports: [] }),
  post('33 ports', `${AT}/attachments`, { ...attach, ports: Array.from({ length: 33 }, (_, n) => String(n + 1)) }),
  post('a port twice', `${AT}/attachments`, { ...attach, ports: ['80', '80:81'] }),
  post('ports that are text', `${AT}/attachments`, { ...attach, ports: '80' }),
  post('inheritRules that is neither', `${AT}/attachments`, { ...attach, inheritRules: 'maybe' }),
  post('replacePorts that is neither', `${AT}/attachments`, { ...attach, replacePorts: 'maybe' }),
  post('an unknown effect', `${AT}/rules`, { ...rule, effect: 'permit' }),
  post('an empty selector', `${AT}/rules`, { ...rule, from: '' }),
  post('a selector of no kind', `${AT}/rules`, { ...rule, from: 'host:a' }),
  post('a label selector without a value', `${AT}/rules`, { ...rule, from: 'label:tier' }),
  post('a rule to a selector', `${AT}/rules`, { ...rule, to: 'any' }, 'ALIAS_RESERVED'),
  post('a port that is a fraction', `${AT}/rules`, { ...rule, port: 80.5 }),
  post('a port that is hexadecimal', `${AT}/rules`, { ...rule, port: '0x50' }),
  post('a test of port -1', `${AT}/tests`, { from: 'local', alias: 'api', port: -1 }),
  post('a batch of rules without a source', `${AT}/rules/batch`, { ...batch, from: [] }),
  post('a batch of rules whose port is text of no number', `${AT}/rules/batch`, { ...batch, ports: ['http'] }),
  post('a batch of rules whose source is no list', `${AT}/rules/batch`, { ...batch, from: 'local' }),
  post('a batch of too many rules', `${AT}/rules/batch`, {
    ...batch,
    from: Array.from({ length: 17 }, (_, user) => `local:user-${user}`),
    ports: Array.from({ length: 16 }, (_, port) => 8000 + port),
  }),
  post('a rule on a network that is not there', '/v1/networks/none/rules', rule, 'NETWORK_NOT_FOUND', 404),
  post('a rule on a network with a bad name', '/v1/networks/No_ne/rules', rule),
  post('a token for nobody', '/v1/tokens', { user: '', role: 'admin' }),
  post('a token with an unknown role', '/v1/tokens', { user: 'ada', role: 'root' }),
  post('a token for a century', '/v1/tokens', { user: 'ada', role: 'viewer', expiresInSeconds: 3_200_000_000 }),
  post('an enrolment token for a bad name', '/v1/agents/enrollment-tokens', { name: 'Host A' }),
  post('an enrolment with a bad token', '/v1/agent-enrollments', enrolment({ token: 'x' }), 'ENROLLMENT_TOKEN_INVALID'),
  post('an enrolment with a seed for a key', '/v1/agent-enrollments', enrolment({ nkey: `S${'A'.repeat(55)}` })),
  post(
    'an enrolment with a request that is none',
    '/v1/agent-enrollments',
    enrolment({ certificateRequest: 'x'.repeat(200) }),
    'CERTIFICATE_REQUEST_INVALID',
  ),
  withHeader('a key with a space', 'idempotency-key', 'a b', 'INVALID_IDEMPOTENCY_KEY'),
  withHeader('a key of 129 characters', 'idempotency-key', 'k'.repeat(129), 'INVALID_IDEMPOTENCY_KEY'),
  withHeader('an empty key', 'idempotency-key', '', 'INVALID_IDEMPOTENCY_KEY'),
  withHeader('a version that is a word', 'if-match', 'latest', 'INVALID_IF_MATCH'),
  withHeader('a version below zero', 'if-match', '-1', 'INVALID_IF_MATCH'),
  withHeader('a weak version', 'if-match', 'W/"3"', 'INVALID_IF_MATCH'),
  withHeader('another version', 'if-match', '99', 'VERSION_CONFLICT', 412),
  withHeader('a body that is a form', 'content-type', 'text/plain', 'UNSUPPORTED_MEDIA_TYPE', 415),
  withHeader('no token', 'authorization', '', 'UNAUTHENTICATED', 401),
  withHeader('an unknown token', 'authorization', `Bearer gst_${'a'.repeat(43)}`, 'UNAUTHENTICATED', 401),
  withHeader('a password', 'authorization', 'Basic YTpi', 'UNAUTHENTICATED', 401),
  get('a limit of 0', '/v1/networks?limit=0'),
  get('a limit that is a word', '/v1/networks?limit=many'),
  get('a limit twice', '/v1/networks?limit=1&limit=2'),
  get('an unknown filter', '/v1/networks?colour=red', 'UNKNOWN_FIELD'),
  get('an unknown status', '/v1/networks?status=FINE'),
  get('a cursor made up', '/v1/networks?cursor=abc', 'INVALID_CURSOR'),
  get('a cursor of another shape', `/v1/networks?cursor=${encoded('{"a":1}')}`, 'INVALID_CURSOR'),
  get('a cursor with a NUL', `/v1/tokens?cursor=${encoded('[1,"\\u0000"]')}`, 'INVALID_CURSOR'),
  get('a wait of an hour', `${AT}/applied/1?waitSeconds=3600`),
  get('version 0', `${AT}/applied/0`),
  get('a version that is not there yet', `${AT}/applied/99`, 'VERSION_NOT_FOUND', 404),
  get('a sandbox that is not there', '/v1/sandboxes/none', 'SANDBOX_NOT_FOUND', 404),
  get('a sandbox id of 200 characters', `/v1/sandboxes/${'a'.repeat(200)}`),
  get('an alias that is not there', `${AT}/aliases/none/resolution`, 'ALIAS_NOT_FOUND', 404),
  get('a route that is not there', '/v1/nothing', 'ROUTE_NOT_FOUND', 404),
  get('a path that cannot be decoded', '/v1/networks/%zz', 'MALFORMED_REQUEST'),
  {
    what: 'a label that is empty',
    method: 'PATCH',
    path: '/v1/sandboxes/sbx-api/labels',
    body: { set: { a: '' } },
    status: 400,
    code: 'INVALID_INPUT',
  },
  {
    what: 'no label at all',
    method: 'PATCH',
    path: '/v1/sandboxes/sbx-api/labels',
    body: {},
    status: 400,
    code: 'INVALID_INPUT',
  },
  {
    what: 'a label set and removed',
    method: 'PATCH',
    path: '/v1/sandboxes/sbx-api/labels',
    body: { set: { a: 'b' }, remove: ['a'] },
    status: 422,
    code: 'LABEL_CONTRADICTION',
  },
  {
    what: 'labels of an unknown sandbox',
    method: 'PATCH',
    path: '/v1/sandboxes/none/labels',
    body: { set: { a: 'b' } },
    status: 404,
    code: 'SANDBOX_NOT_FOUND',
  },
  { what: 'a rule id that is none', method: 'DELETE', path: `${AT}/rules/7`, status: 400, code: 'INVALID_INPUT' },
  {
    what: 'a rule that is not there',
    method: 'DELETE',
    path: `${AT}/rules/rule-abcd1234`,
    status: 404,
    code: 'RULE_NOT_FOUND',
  },
  {
    what: 'an alias that is not there',
    method: 'DELETE',
    path: `${AT}/aliases/none`,
    status: 404,
    code: 'ALIAS_NOT_FOUND',
  },
  {
    what: 'a sandbox that is not attached',
    method: 'DELETE',
    path: `${AT}/attachments/sbx-none`,
    status: 404,
    code: 'NOT_ATTACHED',
  },
  {
    what: 'an agent that is not there',
    method: 'DELETE',
    path: '/v1/agents/host-z',
    status: 404,
    code: 'AGENT_NOT_FOUND',
  },
  {
    what: 'detachAll that is neither',
    method: 'DELETE',
    path: `${AT}?detachAll=perhaps`,
    status: 400,
    code: 'INVALID_INPUT',
  },
];

function enrolment(change: object): () => object {
  return () => ({
    ...enrollmentBody(`gse_${'a'.repeat(43)}`, 'host-c', createUser(), 'x'.repeat(200)),
    ...change,
  });
}

function encoded(text: string): string {
  return Buffer.from(text).toString('base64url');
}

describe('bad input over HTTP', () => {
  let controlPlane: TestControlPlane;

  before(async () => {
    controlPlane = await TestControlPlane.start();
    await controlPlane.agent('host-a', ['sbx-api']);
    await controlPlane.call('POST', '/v1/networks', { name: 'dev' });
    await controlPlane.call('POST', `${AT}/attachments`, { ...attach, alias: 'api' });
  });

  after(() => controlPlane.end());

  async function written(): Promise<unknown> {
    return query(
      controlPlane.databaseUrl,
      `SELECT (SELECT count(*) FROM events) AS events, (SELECT count(*) FROM commands) AS commands,
        (SELECT count(*) FROM unique_claims) AS claims, (SELECT count(*) FROM api_tokens) AS tokens,
        (SELECT count(*) FROM enrollment_tokens) AS enrolments`,
    );
  }

  for (const { what, method, path, body, headers, status, code } of requests) {
    it(`refuses ${what} with ${code}, and writes nothing`, async () => {
      const before = await written();
      const answer = await controlPlane.call(method, path, typeof body === 'function' ? body() : body, headers);
      expect([answer.status, answer.body.code], answer.text).to.deep.equal([status, code]);
      expect(answer.headers.get('content-type')).to.match(/^application\/problem\+json/);
      expect(answer.body).to.include.keys('type', 'title', 'status', 'detail', 'code', 'remedy', 'requestId');
      expect(answer.body.remedy, 'a next step').to.be.a('string').and.not.equal('');
      expect(await written()).to.deep.equal(before);
    });
  }

  it('answers bytes that are not HTTP with a problem', async () => {
    const { hostname, port } = new URL(controlPlane.url);
    const answer = await new Promise<number | undefined>((resolve, reject) => {
      const sent = request({ host: hostname, port, path: '/v1/networks', headers: { 'x-long': 'a'.repeat(40_000) } });
      sent.on('response', (response) => resolve(response.resume().statusCode)).on('error', reject);
      sent.end();
    });
    expect(answer).to.equal(431);
    expect((await callApi(controlPlane.url, 'GET', '/healthz')).body).to.deep.equal({ status: 'up' });
  });

  it('takes no client that gives up in the middle of its body for an outage of the database', async () => {
    const { hostname, port } = new URL(controlPlane.url);
    const before = controlPlane.log.length;
    const client = connect(Number(port), hostname);
    const head = ['POST /v1/networks HTTP/1.1', 'host: x', `authorization: Bearer ${controlPlane.adminToken}`];
    await new Promise((written) => {
      client.write(
        `${[...head, 'content-type: application/json', 'content-length: 100'].join('\r\n')}\r\n\r\n{"na`,
        written,
      );
    });
    // The body is waited for; requests that come later are answered before.
    await callApi(controlPlane.url, 'GET', '/healthz');
    client.resetAndDestroy();
    await callApi(controlPlane.url, 'GET', '/healthz');
    expect(controlPlane.log.slice(before).join(''))
      .to.not.include('STORE_UNAVAILABLE')
      .and.not.include('request failed');
  });

  it('never repeats a secret', async () => {
    const secret = `gse_${'S'.repeat(43)}`;
    const refused = await controlPlane.call('POST', '/v1/agent-enrollments', enrolment({ token: secret })());
    const malformed = await controlPlane.call('POST', '/v1/agent-enrollments', enrolment({ token: `${secret}!` })());
    for (const { text } of [refused, malformed]) expect(text).to.not.include('SSSS');
  });
});
