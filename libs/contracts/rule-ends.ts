import { InvalidInputError } from './errors.js';
import type { FieldParser } from './json-fields.js';
import { durationSeconds } from './network-settings.js';

/** How far ahead a rule's end may be. */
export const RULE_END_SECONDS = { least: 1, most: 366 * 86_400 } as const;

/** How long a rule is to last: `90s`, `30m`, `2h`, `7d`, or a JSON number of seconds. Throws InvalidInputError. */
export const parseRuleLifetime: FieldParser<number> = durationSeconds(
  RULE_END_SECONDS.least,
  RULE_END_SECONDS.most,
  'a time from 1s to 366d, such as 90s, 30m, 2h or 7d',
);

/**
 * The end of a rule that is written now, as parseInstant takes it; null: it has none. Throws InvalidInputError when
 * both are given.
 */
export function ruleEnd(
  { forSeconds, until }: { readonly forSeconds?: number; readonly until?: string },
  now: Date,
): string | null {
  if (forSeconds !== undefined && until !== undefined) {
    throw new InvalidInputError('until', until, 'either how long the rule lasts or when it ends, not both');
  }
  if (forSeconds !== undefined) return new Date(now.getTime() + forSeconds * 1_000).toISOString();
  return until === undefined ? null : new Date(until).toISOString();
}

/** `1 h 59 min`: what is left of a rule's time, in its two largest units; `ended` when nothing is. */
export function timeLeft(until: string, nowMs: number): string {
  const seconds = Math.ceil((Date.parse(until) - nowMs) / 1_000);
  if (seconds <= 0) return 'ended';
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ] as const;
  const first = parts.findIndex(([count]) => count > 0);
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ');
}
