import { stripVTControlCharacters } from 'node:util';

const BREAKS = /[\t\n\v\f\r\u0085\u2028\u2029]+/gu;
/** Control characters (C0, DEL, C1), and characters that reorder or hide text on a terminal. */
const UNSAFE = /[\p{Cc}\p{Bidi_Control}\u200b\u2060\ufeff]/gu;

/** Makes data safe to show on one line: it cannot move the cursor, set colours or the title, or reorder text. */
export function clean(text: string): string {
  return stripVTControlCharacters(text).replace(BREAKS, ' ').replace(UNSAFE, '');
}

/**
 * A JSON document with a final line break. Characters that JSON allows raw but terminals act on are escaped, so the
 * value is the same.
 */
export function jsonText(value: unknown): string {
  return escaped(JSON.stringify(value, null, 2) ?? 'null');
}

/** As jsonText, on one line. */
export function jsonLine(value: unknown): string {
  return escaped(JSON.stringify(value) ?? 'null');
}

function escaped(text: string): string {
  return text.replace(/[\u007f-\u009f\p{Bidi_Control}\u200b\u2028\u2029\u2060\ufeff]/gu, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
