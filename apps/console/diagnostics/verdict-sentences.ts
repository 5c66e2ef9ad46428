import type { Rule, Verdict } from '../api/shapes.js';

/** One thing said about a verdict; `ruleId` names the rule that it is about. */
export interface Sentence {
  readonly text: string;
  readonly ruleId: string | null;
}

interface Question {
  readonly from: string;
  readonly alias: string;
  readonly port: number;
}

const MOST_MISSES = 3;

/** Explains a verdict in sentences, in this order: the decision, the rule, rules that came near, the version that decided. */
export function sentences(
  verdict: Verdict,
  question: Question,
  rules: readonly Rule[],
  published: readonly number[],
): readonly Sentence[] {
  return [...decision(verdict, question, rules, published), ...misses(verdict, rules)];
}

function decision(
  verdict: Verdict,
  { from, alias, port }: Question,
  rules: readonly Rule[],
  published: readonly number[],
): readonly Sentence[] {
  const rule = rules.find(({ id }) => id === verdict.ruleId);
  const since = rule === undefined ? '' : ` since v${rule.since}`;
  switch (verdict.reason) {
    case 'ALLOWED':
      return [
        { text: `Allowed by ${verdict.ruleId}${since}${ruleText(rule)}. No deny matches.`, ruleId: verdict.ruleId },
      ];
    case 'EXPLICIT_DENY': {
      const allow = rules.find((each) => each.effect === 'allow' && each.to === alias && each.port === port);
      const beaten =
        allow === undefined
          ? []
          : [{ text: `A deny beats every allow, also ${allow.id}${ruleText(allow)}.`, ruleId: allow.id }];
      return [{ text: `Denied by ${verdict.ruleId}${since}${ruleText(rule)}.`, ruleId: verdict.ruleId }, ...beaten];
    }
    case 'DEFAULT_DENY':
      return [{ text: 'No rule allows it.', ruleId: null }];
    case 'NO_ALIAS':
      return [{ text: `There is no alias ${alias}.`, ruleId: null }];
    case 'NO_PORT':
      return [{ text: `${alias} publishes ${published.join(' and ') || 'nothing'}, not ${port}.`, ruleId: null }];
    case 'NOT_ATTACHED':
      return [{ text: `Nobody attached here is ${from}.`, ruleId: null }];
    case 'MIXED': {
      const may = verdict.members.filter(({ effect }) => effect === 'allow').length;
      const not = verdict.members.filter(({ effect }) => effect === 'deny');
      const named = not.slice(0, MOST_MISSES).map(({ source, ruleId }) => ({
        text: `${source} may not: ${ruleId === null ? 'no rule allows it' : `denied by ${ruleId}`}.`,
        ruleId,
      }));
      const more =
        not.length > named.length ? [{ text: `${not.length - named.length} more may not.`, ruleId: null }] : [];
      return [{ text: `${may} of ${verdict.members.length} may.`, ruleId: null }, ...named, ...more];
    }
  }
}

function ruleText(rule: Rule | undefined): string {
  return rule === undefined ? '' : ` (${rule.from} to ${rule.to}:${rule.port})`;
}

function misses(verdict: Verdict, rules: readonly Rule[]): readonly Sentence[] {
  if (verdict.effect === 'allow') return [];
  const shown = verdict.nearMisses.slice(0, MOST_MISSES).map(({ ruleId, missed }) => {
    const rule = rules.find(({ id }) => id === ruleId);
    const what =
      rule === undefined
        ? ''
        : missed === 'port'
          ? `: it is about ${rule.port}`
          : missed === 'alias'
            ? `: it is about ${rule.to}`
            : `: it is about ${rule.from}`;
    return { text: `${ruleId} matches all but the ${missed}${what}.`, ruleId };
  });
  const more = verdict.nearMisses.length - shown.length;
  return more > 0 ? [...shown, { text: `${more} more came near.`, ruleId: null }] : shown;
}

/** The head of it: `sbx-web may not reach postgres:5432`. */
export function verdictTitle({ effect }: Pick<Verdict, 'effect'>, { from, alias, port }: Question): string {
  const target = `${alias}:${port}`;
  if (effect === 'allow') return `${from} may reach ${target}`;
  return effect === 'deny' ? `${from} may not reach ${target}` : `some of ${from} may reach ${target}, some may not`;
}
