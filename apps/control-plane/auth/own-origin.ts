import { ForeignOriginError } from '../http/errors.js';
import type { HttpRequest } from '../http/request.js';

const READS = new Set(['GET', 'HEAD']);

/**
 * Refuses requests that another page made a signed-in browser send. Neither cookies nor SameSite distinguish ports, so
 * a page of another program on this host would reach the API with the session's cookie. Browsers send the page's origin
 * with each write, and with each cross-origin request. Error: ForeignOriginError.
 */
export function requireOwnOrigin({ method, headers }: Pick<HttpRequest, 'method' | 'headers'>): void {
  const origin = headers.origin;
  if (origin === undefined ? !READS.has(method) : hostOf(origin) !== headers.host) {
    throw new ForeignOriginError(origin === undefined ? 'nowhere that it names' : String(origin));
  }
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') throw new ForeignOriginError(`a ${site} page`);
}

/** Host and port as in the Host header; null: it is no web origin. */
function hostOf(origin: string | string[]): string | null {
  if (typeof origin !== 'string' || !/^https?:\/\/[^/]+$/.test(origin)) return null;
  return URL.canParse(origin) ? new URL(origin).host : null;
}
