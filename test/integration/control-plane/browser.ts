import type { ApiAnswer } from './api.js';
import { callApi } from './api.js';

/** A signed-in browser: it sends its cookie, and the page's origin with each write. */
export class Browser {
  private constructor(
    readonly url: string,
    readonly cookie: string,
    readonly sessionId: string,
  ) {}

  static async signIn(url: string, proof: { readonly code: string } | { readonly token: string }): Promise<Browser> {
    const answer = await callApi(url, 'POST', '/v1/sessions', proof, { origin: url, 'user-agent': 'a browser' });
    if (answer.status !== 201) throw new Error(`not signed in: ${answer.text}`);
    return new Browser(url, cookieOf(answer), String(answer.body.sessionId));
  }

  call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<ApiAnswer> {
    const origin: Record<string, string> = method === 'GET' ? {} : { origin: this.url };
    return callApi(this.url, method, path, body, { cookie: this.cookie, ...origin, ...headers });
  }

  /** A request by another page: with the cookie, and with that page's own headers. */
  callFrom(headers: Record<string, string>, method: string, path: string, body?: unknown): Promise<ApiAnswer> {
    return callApi(this.url, method, path, body, { cookie: this.cookie, ...headers });
  }
}

/** name=value, as a browser sends it back. */
export function cookieOf({ headers }: ApiAnswer): string {
  return (headers.get('set-cookie') ?? '').split(';')[0] ?? '';
}
