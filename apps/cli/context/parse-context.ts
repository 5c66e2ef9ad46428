import { InvalidInputError } from '#libs/contracts/errors.js';
import { httpUrl } from '#libs/contracts/urls.js';
import { runsInClone } from '#libs/program/installation.js';
import { ContextError } from '../errors/errors.js';
import type { SavedContext } from './context.js';
import { nameOf, type SavedContexts } from './saved-contexts.js';

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

/** A token from a file or variable, without surrounding white space. Errors never quote it. */
export function parseToken(text: string, field: string): string {
  const token = text.trim();
  if (!TOKEN.test(token)) {
    throw new ContextError(
      'INVALID_INPUT',
      `${field} holds no usable token: expected 1 to 4096 printable characters on one line`,
      'ask for a new token, then gstacks login --url <url>',
    );
  }
  return token;
}

/** `{"url": ..., "token": ...}` as `npm start` writes it; throws ContextError with the file's name. */
export function parseStackContext(text: string, path: string): SavedContext {
  return { name: null, ...parseEntry(parseJsonObject(text, path), path), path };
}

/**
 * `{"current": ..., "contexts": [{"name", "url", "token"}]}` as `gstacks login` writes it, or the single context of
 * earlier releases; throws ContextError with the file's name.
 */
export function parseSavedContexts(text: string, path: string): SavedContexts {
  const value = parseJsonObject(text, path);
  if (!('contexts' in value)) {
    const entry = parseEntry(value, path);
    return { current: null, contexts: [{ name: nameOf(entry.url), ...entry }] };
  }
  const { current = null, contexts } = value;
  if (!Array.isArray(contexts)) throw damaged(path, 'has no list of contexts');
  if (current !== null && typeof current !== 'string') throw damaged(path, 'does not say which context is chosen');
  return {
    current,
    contexts: contexts.map((item: unknown) => {
      const entry = objectOf(item);
      if (typeof entry?.name !== 'string') throw damaged(path, 'has a context without a name');
      return { name: entry.name, ...parseEntry(entry, path) };
    }),
  };
}

type Members = { readonly [member: string]: unknown };

function parseEntry({ url, token }: Members, path: string): { readonly url: string; readonly token: string } {
  if (typeof url !== 'string' || typeof token !== 'string') throw damaged(path, 'lacks url or token');
  if (!TOKEN.test(token)) throw damaged(path, 'holds no usable token');
  return { url: parseUrl(url, `url in ${path}`), token };
}

function parseJsonObject(text: string, path: string): Members {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw damaged(path, 'is not JSON');
  }
  const members = objectOf(value);
  if (members === null) throw damaged(path, 'is not a JSON object');
  return members;
}

function objectOf(value: unknown): Members | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
}

function damaged(path: string, reason: string): ContextError {
  return new ContextError(
    'CONTEXT_DAMAGED',
    `${path} ${reason}`,
    `remove ${path}, then ${runsInClone() ? 'run `npm start` or ' : ''}\`gstacks login --url <url>\``,
  );
}

function withoutPassword(url: URL): string {
  if (url.password !== '') url.password = '***';
  return url.href;
}
