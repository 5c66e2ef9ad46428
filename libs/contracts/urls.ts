import { InvalidInputError } from './errors.js';
import type { FieldParser } from './json-fields.js';

export const HTTP_URL_TEXT = 'an http or https URL without user and password';

/** The http or https URL that the text is; null: another one, none at all, or one that holds a user or a password. */
export function httpUrl(text: string): URL | null {
  const url = URL.parse(text);
  const isPlain = url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '';
  return isPlain ? url : null;
}

/** The value is no part of the error, since a URL may hold a password; throws InvalidInputError. */
export const parseHttpUrl: FieldParser<URL> = (value, field) => {
  const url = typeof value === 'string' ? httpUrl(value) : null;
  if (url === null) throw new InvalidInputError(field, '(hidden)', HTTP_URL_TEXT);
  return url;
};
