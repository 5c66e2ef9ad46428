import { expect } from 'chai';
import { sessionCookieName, sessionCookieOptions, sessionSecretOf } from '#apps/control-plane/auth/session-cookie.js';

describe('the cookie of a session', () => {
  for (const [host, name] of [
    ['127.0.0.1:7080', 'gstacks_session_7080'],
    ['[::1]:7080', 'gstacks_session_7080'],
    ['console.example', 'gstacks_session'],
    ['console.example:7080x', 'gstacks_session'],
    ['console.example:', 'gstacks_session'],
    [undefined, 'gstacks_session'],
    [['a:1', 'b:2'], 'gstacks_session'],
  ] as const) {
    it(`is called ${name} at ${host}`, () => {
      const headers = { host: typeof host === 'object' ? [...host] : host };
      expect(sessionCookieName({ headers })).to.equal(name);
      expect(sessionSecretOf({ headers, cookies: { [name]: 'secret' } })).to.equal('secret');
      expect(sessionSecretOf({ headers, cookies: { other: 'secret' } })).to.equal(null);
      expect(sessionSecretOf({ headers })).to.equal(null);
    });
  }

  for (const [origin, secure] of [
    ['https://console.example', true],
    ['http://console.example', false],
    ['http://https:', false],
    [undefined, false],
  ] as const) {
    it(`is read by no script and no other site, and ${secure ? 'only sent over TLS' : 'sent'} to ${origin}`, () => {
      expect(sessionCookieOptions({ headers: { origin } })).to.deep.equal({
        ...{ httpOnly: true, sameSite: 'strict', path: '/', secure },
      });
    });
  }
});
