import { InvalidInputError } from '#libs/contracts/errors.js';
import { httpUrl } from '#libs/contracts/urls.js';
import { ContextError } from '../errors/errors.js';
import type { SavedContext } from './context.js';

const TOKEN = /^[\x21-\x7e]{1,4096}$/;

/** An http or https url without credentials, query or trailing slash; throws InvalidInputError. */
export function parseUrl(text: string, field: string): string {
  const accepted = 'a url such as http://127.0.0.1:7080';
  if (!URL.canParse(text)) throw new InvalidInputError(field, text, accepted);
  const url = new URL(text);
  if (httpUrl(text) === null || url.search !== '' || url.hash !== '') {
    throw new InvalidInputError(field, withoutPassword(url), `${accepted}, without user, password or query`);
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

/** A token as a file or variable holds it, white space around it removed; the token itself is never quoted. */
export function parseToken(text: string, field: string): string {
  const token = text.trim();
  if (!TOKEN.test(token)) {
    throw new ContextError(
      'INVALID_INPUT',
      `${field} holds no usable token: expected 1 to 4096 printable characters on one line`,
      'ask for a new token, then run `gstacks login`',
    );
  }
  return token;
}

/** `{"url": ..., "token": ...}` as written by `npm start` or `gstacks login`; throws ContextError naming the file. */
export function parseSavedContext(text: string, path: string): SavedContext {
  const damaged = (reason: string): ContextError =>
    new ContextError(
      'CONTEXT_DAMAGED',
      `${path} ${reason}`,
      `remove ${path}, then run \`npm start\` or \`gstacks login\``,
    );
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw damaged('is not JSON');
  }
  if (typeof value !== 'object' || value === null) throw damaged('is not a JSON object');
  const { url, token } = value as { readonly url?: unknown; readonly token?: unknown };
  if (typeof url !== 'string' || typeof token !== 'string') throw damaged('lacks url or token');
  if (!TOKEN.test(token)) throw damaged('holds no usable token');
  return { url: parseUrl(url, `url in ${path}`), token, path };
}

function withoutPassword(url: URL): string {
  if (url.password !== '') url.password = '***';
  return url.href;
}
