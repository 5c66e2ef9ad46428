import { expect } from 'chai';
import { query } from '#test/support/postgres.js';
import { callApi } from './api.js';
import { Browser, cookieOf } from './browser.js';
import { TestControlPlane } from './setup.js';

const HOUR_MS = 3_600_000;

describe('signing in to the console', () => {
  let controlPlane: TestControlPlane;

  before(async () => {
    controlPlane = await TestControlPlane.start();
  });

  after(() => controlPlane.end());

  afterEach(() => {
    controlPlane.clockAheadMs = 0;
  });

  async function token(role: string, user = 'ada'): Promise<{ token: string; id: string }> {
    const { body } = await controlPlane.call('POST', '/v1/tokens', { user, role, expiresInSeconds: 30 * 86_400 });
    return { token: String(body.token), id: String(body.id) };
  }

  async function code(bearer = controlPlane.adminToken, body: object = {}): Promise<string> {
    const headers = { authorization: `Bearer ${bearer}` };
    const answer = await callApi(controlPlane.url, 'POST', '/v1/sign-in-codes', body, headers);
    expect(answer.status).to.equal(201);
    expect(answer.body.path).to.equal(`/sign-in#code=${answer.body.code}`);
    return String(answer.body.code);
  }

  const exchange = (body: object, headers: Record<string, string> = {}) =>
    callApi(controlPlane.url, 'POST', '/v1/sessions', body, { origin: controlPlane.url, ...headers });

  it('exchanges a code for a cookie that no script reads and no other site sends', async () => {
    const answer = await exchange({ code: await code() });
    const cookie = answer.headers.get('set-cookie') ?? '';
    const port = new URL(controlPlane.url).port;
    expect(cookie).to.match(new RegExp(`^gstacks_session_${port}=gss_[A-Za-z0-9_-]{43}; `));
    expect(cookie.split('; ')).to.include.members(['HttpOnly', 'SameSite=Strict', 'Path=/']);
    expect(cookie).to.not.include('Secure');
    expect(answer.body).to.include({ user: 'admin', role: 'admin', kind: 'session' });
    const host = new URL(controlPlane.url).host;
    const overTls = await exchange({ code: await code() }, { origin: `https://${host}` });
    expect(overTls.headers.get('set-cookie')?.split('; ')).to.include('Secure');
  });

  it('takes a code once, also when several come with it at once, and says when it was used', async () => {
    const once = await code();
    const answers = await Promise.all(Array.from({ length: 8 }, () => exchange({ code: once })));
    expect(answers.map(({ status }) => status).sort()).to.deep.equal([201, ...Array(7).fill(401)]);
    const { body } = await exchange({ code: once });
    expect(body.code).to.equal('SIGN_IN_CODE_USED');
    expect(body.detail).to.match(/used at \d{4}-\d\d-\d\dT/);
    expect(body.remedy).to.include('gstacks console');
  });

  it('refuses a code that is over, one of nobody, and both a code and a token', async () => {
    const late = await code();
    controlPlane.clockAheadMs = 61_000;
    expect((await exchange({ code: late })).body.code).to.equal('SIGN_IN_CODE_EXPIRED');
    expect((await exchange({ code: `gsc_${'a'.repeat(43)}` })).body.code).to.equal('SIGN_IN_CODE_UNKNOWN');
    const both = await exchange({ code: 'a', token: 'b' });
    expect([both.status, both.body.code]).to.deep.equal([400, 'CODE_OR_TOKEN']);
    const longer = await code(undefined, { expiresInSeconds: 600 });
    controlPlane.clockAheadMs += 599_000;
    expect((await exchange({ code: longer })).status).to.equal(201);
  });

  it('takes a pasted token, not a wrong one, and not that of a joiner', async () => {
    const viewer = await token('viewer');
    const browser = await Browser.signIn(controlPlane.url, { token: viewer.token });
    expect((await browser.call('GET', '/v1/session')).body).to.include({ user: 'ada', role: 'viewer' });
    expect((await browser.call('POST', '/v1/networks', { name: 'no' })).body.code).to.equal('FORBIDDEN');
    const wrong = await exchange({ token: `gst_${'x'.repeat(43)}` });
    expect([wrong.status, wrong.body.code]).to.deep.equal([401, 'UNAUTHENTICATED']);
    const joiner = await exchange({ token: (await token('joiner')).token });
    expect([joiner.status, joiner.body.code]).to.deep.equal([403, 'SIGN_IN_REFUSED']);
  });

  it('keeps sessions over a restart, until they end by themselves or with their token', async () => {
    const { token: bearer, id } = await token('operator');
    const browser = await Browser.signIn(controlPlane.url, { token: bearer });
    const admin = await Browser.signIn(controlPlane.url, { code: await code() });
    await controlPlane.stop();
    await controlPlane.startAgain();
    const asked = (cookie: string) => {
      // Another port after the restart: only the cookie's value counts.
      const value = cookie.split('=')[1];
      const port = new URL(controlPlane.url).port;
      return callApi(controlPlane.url, 'GET', '/v1/session', undefined, { cookie: `gstacks_session_${port}=${value}` });
    };
    expect((await asked(browser.cookie)).status).to.equal(200);
    await controlPlane.call('DELETE', `/v1/tokens/${id}`);
    expect((await asked(browser.cookie)).status).to.equal(401);
    controlPlane.clockAheadMs = 12 * HOUR_MS + 1_000;
    expect((await asked(admin.cookie)).status).to.equal(401);
  });

  it('ends the sessions of the first admin when another token takes its place', async () => {
    const before = await exchange({ token: controlPlane.adminToken });
    await query(controlPlane.databaseUrl, "UPDATE api_tokens SET token_hash = 'another' WHERE id = 'bootstrap'", []);
    await controlPlane.stop();
    await controlPlane.startAgain();
    const value = cookieOf(before).split('=')[1];
    const headers = { cookie: `gstacks_session_${new URL(controlPlane.url).port}=${value}` };
    expect((await callApi(controlPlane.url, 'GET', '/v1/session', undefined, headers)).status).to.equal(401);
  });

  it("lists and ends one's own sessions, and as admin everybody's", async () => {
    const bob = await token('viewer', 'bob');
    const [here, there] = [
      await Browser.signIn(controlPlane.url, { token: bob.token }),
      await Browser.signIn(controlPlane.url, { token: bob.token }),
    ];
    const admin = await Browser.signIn(controlPlane.url, { code: await code() });
    const listed = (await here.call('GET', '/v1/sessions')).body.items as { id: string; current: boolean }[];
    expect(listed.map(({ id, current }) => [id, current])).to.have.deep.members([
      [here.sessionId, true],
      [there.sessionId, false],
    ]);
    expect(listed[0]).to.include({ user: 'bob', role: 'viewer', client: 'a browser', tokenId: bob.id });
    const foreign = await here.call('DELETE', `/v1/sessions/${admin.sessionId}`);
    expect([foreign.status, foreign.body.code]).to.deep.equal([404, 'SESSION_NOT_FOUND']);
    expect((await admin.call('GET', '/v1/sessions?user=bob')).body.items).to.have.length(2);
    expect((await admin.call('DELETE', `/v1/sessions/${there.sessionId}`)).body).to.deep.equal({ ended: 1 });
    expect((await there.call('GET', '/v1/session')).status).to.equal(401);
    expect((await here.call('GET', '/v1/session')).status).to.equal(200);
    const again = await Browser.signIn(controlPlane.url, { token: bob.token });
    expect((await again.call('DELETE', '/v1/sessions')).body).to.deep.equal({ ended: 2 });
    expect((await here.call('GET', '/v1/session')).status).to.equal(401);
    const out = await admin.call('DELETE', '/v1/session');
    expect(out.headers.get('set-cookie')).to.include('Expires=Thu, 01 Jan 1970');
    expect((await admin.call('GET', '/v1/session')).status).to.equal(401);
  });

  it('makes no code for a session, and ends no session for a token', async () => {
    const browser = await Browser.signIn(controlPlane.url, { code: await code() });
    expect((await browser.call('POST', '/v1/sign-in-codes', {})).body.code).to.equal('TOKEN_NEEDED');
    const none = await controlPlane.call('DELETE', '/v1/session');
    expect([none.status, none.body.code]).to.deep.equal([409, 'NO_SESSION']);
  });

  it('keeps and logs no code, session or token as it was given out', async () => {
    const made = await code();
    const browser = await Browser.signIn(controlPlane.url, { code: made });
    await exchange({ code: made });
    await exchange({ code: `${made.slice(0, -1)}!` });
    const rows = await query(
      controlPlane.databaseUrl,
      'SELECT row_to_json(c)::text AS row FROM sign_in_codes c UNION ALL SELECT row_to_json(s)::text FROM console_sessions s',
    );
    const secrets = [made.slice(4), browser.cookie.split('=gss_')[1] ?? '', controlPlane.adminToken];
    const kept = JSON.stringify(rows) + controlPlane.log.join('');
    expect(rows).to.not.have.length(0);
    for (const secret of secrets) expect(secret.length > 20 && kept.includes(secret)).to.equal(false);
  });
});
