import { type Word, wordOf } from '../vocabulary/words.js';

/** The word for a verdict: a deny by a rule is told apart from one that no rule decided. */
export function wordOfVerdict({ effect, reason }: { readonly effect: string; readonly reason: string }): Word {
  if (effect !== 'deny' || reason === 'EXPLICIT_DENY') return wordOf(effect);
  return { ...wordOf('no-rule'), text: 'deny' };
}
