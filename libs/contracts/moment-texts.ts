import { InvalidInputError } from './errors.js';
import { parseMoment } from './moments.js';
import { parseTime } from './times.js';

const UNIT_MS: { readonly [unit: string]: number } = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const DURATION = /^([1-9][0-9]{0,5})([smhd])$/;

export const MOMENT_FORMS = 'a version such as 14, a time such as 2026-01-31T10:00:00Z, or how long ago, such as 2h';
export const TIME_FORMS = 'a time such as 2026-01-31T10:00:00Z, or how long ago, such as 2h';

/** A version or time in the API's form; throws InvalidInputError. */
export function momentOf(text: string, field: string, nowMs: number): string {
  return longAgo(text, nowMs) ?? checked(text, field, MOMENT_FORMS, parseMoment);
}

/** As momentOf, without versions. */
export function timeOf(text: string, field: string, nowMs: number): string {
  return longAgo(text, nowMs) ?? checked(text, field, TIME_FORMS, parseTime);
}

function longAgo(text: string, nowMs: number): string | null {
  const [, count, unit = ''] = DURATION.exec(text) ?? [];
  return count === undefined ? null : new Date(nowMs - Number(count) * (UNIT_MS[unit] ?? 0)).toISOString();
}

function checked(
  text: string,
  field: string,
  forms: string,
  parse: (value: unknown, field: string) => unknown,
): string {
  try {
    parse(text, field);
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    throw new InvalidInputError(field, text, forms);
  }
  return text;
}
