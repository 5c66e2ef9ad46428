import { InvalidInputError } from '#libs/contracts/errors.js';
import type { FieldParser } from '#libs/contracts/json-fields.js';
import { parseRuleLifetime } from '#libs/contracts/rule-ends.js';
import { parseTime } from '#libs/contracts/times.js';
import type { RuleEnd } from '../api/shapes.js';

const FORMS = 'how long, such as 30m, 2h or 7d, or a time such as 2026-01-31T18:00:00Z';

/** Fields of the control plane that the one field of the page stands for. */
export const END_FIELDS = ['until', 'forSeconds'] as const;

/** What the field says of a rule's end: how long it lasts, or when it ends; empty: it has none. */
export interface SaidEnd {
  readonly body: RuleEnd;
  readonly words: readonly string[];
  /** Stands after the rule in its receipt. */
  readonly text: string;
}

/** Throws InvalidInputError. */
export function parseRuleEnd(text: string): SaidEnd {
  const end = ruleEndOf(text);
  if (end === null) throw new InvalidInputError('until', text, FORMS);
  return end;
}

/** As parseRuleEnd; null: the text is neither. */
export function ruleEndOf(text: string): SaidEnd | null {
  if (text === '') return { body: {}, words: [], text: '' };
  const forSeconds = accepted(parseRuleLifetime, text);
  if (forSeconds !== null) return { body: { forSeconds }, words: ['--for', text], text: ` for ${text}` };
  const until = accepted(parseTime, text);
  return until === null ? null : { body: { until }, words: ['--until', text], text: ` until ${text}` };
}

function accepted<Value>(parse: FieldParser<Value>, text: string): Value | null {
  try {
    return parse(text, 'until');
  } catch (error) {
    if (error instanceof InvalidInputError) return null;
    throw error;
  }
}
