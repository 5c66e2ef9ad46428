import { InvalidInputError } from './errors.js';
import type { FieldParser } from './json-fields.js';

export const HTTP_URL_TEXT = 'an http or https URL without user and password';

/** The text as an http or https URL; null: it is none, or contains a user or password. */
export function httpUrl(text: string): URL | null {
  const url = URL.parse(text);
  const isPlain = url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '';
  return isPlain ? url : null;
}

/** Throws InvalidInputError, which does not quote the value, because a URL may contain a password. */
export const parseHttpUrl: FieldParser<URL> = (value, field) => {
  const url = typeof value === 'string' ? httpUrl(value) : null;
  if (url === null) throw new InvalidInputError(field, '(hidden)', HTTP_URL_TEXT);
  return url;
};
