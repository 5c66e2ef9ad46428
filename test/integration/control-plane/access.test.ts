import { expect } from 'chai';
import { query } from '#test/support/postgres.js';
import { callApi } from './api.js';
import { TestControlPlane } from './setup.js';

describe('access to the API', () => {
  let controlPlane: TestControlPlane;

  before(async () => {
    controlPlane = await TestControlPlane.start();
  });

  after(() => controlPlane.end());

  async function token(role: string, expiresInSeconds = 600): Promise<{ token: string; id: string }> {
    const { body } = await controlPlane.call('POST', '/v1/tokens', { user: 'ada', role, expiresInSeconds });
    return { token: String(body.token), id: String(body.id) };
  }

  const as = (bearer: string, method: string, path: string, body?: unknown) =>
    callApi(controlPlane.url, method, path, body, { authorization: `Bearer ${bearer}` });

  const routes = [
    { method: 'GET', path: '/v1/networks', least: 'viewer' },
    { method: 'GET', path: '/v1/sandboxes', least: 'viewer' },
    { method: 'GET', path: '/v1/agents', least: 'viewer' },
    { method: 'GET', path: '/v1/session', least: 'viewer' },
    { method: 'POST', path: '/v1/networks', least: 'operator' },
    { method: 'DELETE', path: '/v1/networks/none', least: 'operator' },
    { method: 'POST', path: '/v1/networks/none/rules', least: 'operator' },
    { method: 'POST', path: '/v1/networks/none/attachments/sbx/reattach', least: 'operator' },
    { method: 'PATCH', path: '/v1/sandboxes/none/labels', least: 'operator' },
    { method: 'GET', path: '/v1/tokens', least: 'admin' },
    { method: 'POST', path: '/v1/tokens', least: 'admin' },
    { method: 'POST', path: '/v1/agents/enrollment-tokens', least: 'admin' },
    { method: 'DELETE', path: '/v1/agents/none', least: 'admin' },
  ] as const;
  const roles = ['viewer', 'operator', 'admin'] as const;

  it('lets a joiner join, renew and leave, ask who it is, and nothing else', async () => {
    const { token: bearer } = await token('joiner');
    const own = [
      ['GET', '/v1/session'],
      ['POST', '/v1/networks/none/local-nodes'],
      ['POST', '/v1/local-nodes/laptop-0a1b2c3d4e/leave'],
      ['POST', '/v1/local-nodes/laptop-0a1b2c3d4e/mesh-keys'],
    ] as const;
    for (const [method, path] of own) {
      const { status, body } = await as(bearer, method, path, method === 'GET' ? undefined : {});
      expect([status === 403 ? body.code : null, status === 401], `${method} ${path}`).to.deep.equal([null, false]);
    }
    const more = [
      ['GET', '/v1/local-nodes'],
      ['POST', '/v1/sign-in-codes'],
      ['GET', '/v1/sessions'],
      ['DELETE', '/v1/local-nodes/laptop-0a1b2c3d4e'],
    ] as const;
    for (const { method, path } of [...routes, ...more.map(([method, path]) => ({ method, path }))]) {
      if (path === '/v1/session') continue;
      const { status } = await as(bearer, method, path, method === 'GET' ? undefined : {});
      expect(status, `${method} ${path}`).to.equal(403);
    }
  });

  it('lets a viewer join the networks that its token was made for, and change nothing', async () => {
    const make = (body: object) => controlPlane.call('POST', '/v1/tokens', { user: 'ada', ...body });
    const before = await make({ role: 'viewer', joinNetworks: ['dev', 'staging'] });
    expect([before.status, before.body.code]).to.deep.equal([404, 'NETWORK_NOT_FOUND']);
    for (const name of ['dev', 'staging']) await controlPlane.call('POST', '/v1/networks', { name });
    const { body } = await make({ role: 'viewer', joinNetworks: ['dev', 'dev', 'staging'] });
    expect(body.joinNetworks).to.deep.equal(['dev', 'staging']);
    const bearer = String(body.token);
    const join = (network: string) => as(bearer, 'POST', `/v1/networks/${network}/local-nodes`, {});
    expect((await join('dev')).body.code, 'past the guard').to.equal('FIELD_MISSING');
    const refused = await join('prod');
    expect([refused.status, refused.body.code]).to.deep.equal([403, 'JOIN_NOT_ALLOWED']);
    expect(refused.body.remedy).to.contain('gstacks token create ada --role viewer --join prod');
    expect((await as(bearer, 'POST', '/v1/networks/dev/rules', {})).body.code).to.equal('FORBIDDEN');
    expect((await as(bearer, 'GET', '/v1/networks')).status).to.equal(200);
    expect((await as(bearer, 'GET', '/v1/session')).body.joinNetworks).to.deep.equal(['dev', 'staging']);
    const plain = await token('viewer');
    const answer = await as(plain.token, 'POST', '/v1/networks/dev/local-nodes', {});
    expect([answer.status, answer.body.code]).to.deep.equal([403, 'JOIN_NOT_ALLOWED']);
    for (const [joinNetworks, role, field] of [
      [['dev'], 'operator', 'role'],
      [['dev'], 'admin', 'role'],
      [[], 'viewer', 'joinNetworks'],
      [['No'], 'viewer', 'joinNetworks[0]'],
    ] as const) {
      const { status, body } = await make({ role, joinNetworks });
      expect([status, body.field], `${role} ${joinNetworks}`).to.deep.equal([400, field]);
    }
  });

  for (const role of roles) {
    it(`lets a token of role ${role} do what its role may, and no more`, async () => {
      const { token: bearer } = await token(role);
      for (const { method, path, least } of routes) {
        const { status } = await as(bearer, method, path, method === 'GET' ? undefined : {});
        const may = roles.indexOf(role) >= roles.indexOf(least);
        expect(status === 403, `${method} ${path}`).to.equal(!may);
      }
    });
  }

  it('says who a token is, and refuses it once it is deleted', async () => {
    const { token: bearer, id } = await token('operator');
    expect((await as(bearer, 'GET', '/v1/session')).body).to.include({ user: 'ada', role: 'operator' });
    await controlPlane.call('DELETE', `/v1/tokens/${id}`);
    expect((await as(bearer, 'GET', '/v1/session')).status).to.equal(401);
    expect((await controlPlane.call('DELETE', `/v1/tokens/${id}`)).body.code).to.equal('TOKEN_NOT_FOUND');
  });

  it('refuses a token that has ended', async () => {
    const { token: bearer, id } = await token('viewer');
    await query(controlPlane.databaseUrl, "UPDATE api_tokens SET expires_at = now() - interval '1 s' WHERE id = $1", [
      id,
    ]);
    const answer = await as(bearer, 'GET', '/v1/session');
    expect([answer.status, answer.headers.get('www-authenticate')]).to.deep.equal([401, 'Bearer']);
  });

  it('keeps no token as it was given out', async () => {
    const { token: bearer } = await token('viewer');
    const { body } = await controlPlane.call('POST', '/v1/agents/enrollment-tokens', { name: 'host-x' });
    const rows = await query(
      controlPlane.databaseUrl,
      'SELECT row_to_json(t)::text AS row FROM api_tokens t UNION ALL SELECT row_to_json(e)::text FROM enrollment_tokens e',
    );
    const kept = JSON.stringify(rows);
    for (const secret of [bearer, String(body.token), controlPlane.adminToken]) expect(kept).to.not.include(secret);
    const listed = await controlPlane.call('GET', '/v1/tokens');
    expect(listed.text).to.not.include(bearer);
  });

  it('serves health, readiness, figures and its own description without a token', async () => {
    expect((await callApi(controlPlane.url, 'GET', '/readyz')).body).to.include({ status: 'ok' });
    expect((await callApi(controlPlane.url, 'GET', '/metrics')).text).to.include('gs_topologies_sent_total');
    const { body } = await callApi(controlPlane.url, 'GET', '/v1/openapi.json');
    expect(body.openapi).to.match(/^3\./);
    expect(Object.keys(body.paths as object)).to.include('/v1/networks/{network}/applied/{version}');
  });
});

describe('a flood of requests', () => {
  let controlPlane: TestControlPlane;

  before(async () => {
    controlPlane = await TestControlPlane.start({
      GLOBALSTACKS_PUBLIC_REQUESTS_PER_MINUTE: '3',
      GLOBALSTACKS_REQUESTS_PER_MINUTE: '20',
    });
  });

  after(() => controlPlane.end());

  it('is turned away, sooner where no token is needed', async () => {
    const statusesOf = async (count: number, method: string, path: string) => {
      const statuses: number[] = [];
      for (let sent = 0; sent < count; sent += 1) {
        statuses.push((await controlPlane.call(method, path, method === 'GET' ? undefined : {})).status);
      }
      return statuses;
    };
    expect((await statusesOf(5, 'POST', '/v1/agent-enrollments')).slice(3)).to.deep.equal([429, 429]);
    const reads = await statusesOf(25, 'GET', '/v1/session');
    expect(reads.slice(0, 20)).to.deep.equal(Array(20).fill(200));
    expect(reads.slice(20)).to.deep.equal(Array(5).fill(429));
  });
});
