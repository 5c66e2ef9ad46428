import { stripVTControlCharacters } from 'node:util';

const BREAKS = /[\t\n\v\f\r\u0085\u2028\u2029]+/gu;
/** Control characters (C0, DEL, C1) and the marks that reorder or hide text on a terminal. */
const UNSAFE = /[\p{Cc}\p{Bidi_Control}\u200b\u2060\ufeff]/gu;

/**
 * One line that cannot move the cursor, colour, retitle, reorder or break out: what data becomes before it is shown.
 */
export function clean(text: string): string {
  return stripVTControlCharacters(text).replace(BREAKS, ' ').replace(UNSAFE, '');
}

/**
 * A JSON document, one line longer than its content. Characters that JSON may carry raw but a terminal acts on are
 * written as escapes, so that the value is the same and the terminal is safe.
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
