import type { CookieSerializeOptions } from '@fastify/cookie';
import type { HttpRequest } from '../http/request.js';

/** Cookies do not tell ports apart: each control plane of one host has a cookie of its own. */
export function sessionCookieName({ headers: { host } }: Pick<HttpRequest, 'headers'>): string {
  const port = typeof host === 'string' ? /:([0-9]{1,5})$/.exec(host)?.[1] : undefined;
  return port === undefined ? 'gstacks_session' : `gstacks_session_${port}`;
}

/** The secret that the browser sent; null: none. */
export function sessionSecretOf(request: Pick<HttpRequest, 'headers' | 'cookies'>): string | null {
  return request.cookies?.[sessionCookieName(request)] ?? null;
}

/** No script reads it, and no other site's page sends it along; over TLS it goes nowhere else. */
export function sessionCookieOptions({ headers: { origin } }: Pick<HttpRequest, 'headers'>): CookieSerializeOptions {
  const secure = typeof origin === 'string' && origin.startsWith('https:');
  return { httpOnly: true, sameSite: 'strict', path: '/', secure };
}
