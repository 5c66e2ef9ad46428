import type { CookieSerializeOptions } from '@fastify/cookie';
import type { HttpRequest } from '../http/request.js';

/** Cookies do not distinguish ports, so each control plane of one host has its own cookie name. */
export function sessionCookieName({ headers: { host } }: Pick<HttpRequest, 'headers'>): string {
  const port = typeof host === 'string' ? /:([0-9]{1,5})$/.exec(host)?.[1] : undefined;
  return port === undefined ? 'gstacks_session' : `gstacks_session_${port}`;
}

/** The secret that the browser sent; null: none. */
export function sessionSecretOf(request: Pick<HttpRequest, 'headers' | 'cookies'>): string | null {
  return request.cookies?.[sessionCookieName(request)] ?? null;
}

/** Not readable by scripts, not sent with requests of other sites, and over TLS only where the page uses it. */
export function sessionCookieOptions({ headers: { origin } }: Pick<HttpRequest, 'headers'>): CookieSerializeOptions {
  const secure = typeof origin === 'string' && origin.startsWith('https:');
  return { httpOnly: true, sameSite: 'strict', path: '/', secure };
}
