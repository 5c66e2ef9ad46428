import type { Question, Rule, Verdict } from '../api/shapes.js';
import { type Phrase, type Piece, phrase, rule as ruleId, typed } from '../vocabulary/phrase.js';

const MOST_MISSES = 3;

/**
 * Explains a verdict in sentences, in this order: the decision, the rule, near misses, the version. `published`: the
 * ports of the alias; null: not known.
 */
export function sentences(
  verdict: Verdict,
  question: Question,
  rules: readonly Rule[],
  published: readonly number[] | null,
): readonly Phrase[] {
  return [...decision(verdict, question, rules, published), ...misses(verdict, rules)];
}

function decision(
  verdict: Verdict,
  { from, alias, port }: Question,
  rules: readonly Rule[],
  published: readonly number[] | null,
): readonly Phrase[] {
  const rule = rules.find(({ id }) => id === verdict.ruleId);
  const by = verdict.ruleId === null ? 'a rule' : ruleId(verdict.ruleId);
  const since: Phrase = rule === undefined ? [] : phrase` since ${typed(`v${rule.since}`)}`;
  switch (verdict.reason) {
    case 'ALLOWED':
      return [phrase`Allowed by ${by}${since}${meaning(rule)}. No deny matches.`];
    case 'EXPLICIT_DENY': {
      const allow = rules.find((each) => each.effect === 'allow' && each.to === alias && each.port === port);
      const denied = phrase`Denied by ${by}${since}${meaning(rule)}.`;
      if (allow === undefined) return [denied];
      return [denied, phrase`${ruleId(allow.id)} would allow it${meaning(allow)}, but a deny beats every allow.`];
    }
    case 'DEFAULT_DENY':
      return [['No rule allows it.']];
    case 'NO_ALIAS':
      return [phrase`There is no alias ${typed(alias)}.`];
    case 'NO_PORT':
      if (published === null) return [phrase`${typed(alias)} does not publish ${typed(port)}.`];
      return [phrase`${typed(alias)} publishes ${typed(published.join(' and ') || 'nothing')}, not ${typed(port)}.`];
    case 'NOT_ATTACHED':
      return [phrase`Nobody attached here is ${typed(from)}.`];
    case 'QUARANTINED':
      return [['The network is quarantined, and no agent serves it.']];
    case 'MIXED': {
      const may = verdict.members.filter(({ effect }) => effect === 'allow').length;
      const not = verdict.members.filter(({ effect }) => effect === 'deny');
      const named = not
        .slice(0, MOST_MISSES)
        .map(({ source, ruleId: id }) =>
          id === null
            ? phrase`${typed(source)} may not: no rule allows it.`
            : phrase`${typed(source)} may not: denied by ${ruleId(id)}.`,
        );
      const more = not.length - named.length;
      return [[`${may} of ${verdict.members.length} may.`], ...named, ...(more > 0 ? [[`${more} more may not.`]] : [])];
    }
  }
}

function meaning(rule: Rule | undefined): Phrase {
  return rule === undefined ? [] : phrase` (${typed(`${rule.from} to ${rule.to}:${rule.port}`)})`;
}

function misses(verdict: Verdict, rules: readonly Rule[]): readonly Phrase[] {
  if (verdict.effect === 'allow') return [];
  const shown = verdict.nearMisses.slice(0, MOST_MISSES).map(({ ruleId: id, missed }): Phrase => {
    const rule = rules.find((each) => each.id === id);
    const near = phrase`${ruleId(id)} matches all but the ${missed}`;
    return rule === undefined ? [...near, '.'] : phrase`${near}: it is about ${about(rule, missed)}.`;
  });
  const more = verdict.nearMisses.length - shown.length;
  return more > 0 ? [...shown, [`${more} more came near.`]] : shown;
}

function about(rule: Rule, missed: Verdict['nearMisses'][number]['missed']): Piece {
  if (missed === 'port') return typed(rule.port);
  return typed(missed === 'alias' ? rule.to : rule.from);
}

/** The heading: `sbx-web may not reach postgres:5432`. */
export function verdictTitle({ effect }: Pick<Verdict, 'effect'>, { from, alias, port }: Question): Phrase {
  const [source, target] = [typed(from), typed(`${alias}:${port}`)];
  if (effect === 'allow') return phrase`${source} may reach ${target}`;
  if (effect === 'deny') return phrase`${source} may not reach ${target}`;
  return phrase`some of ${source} may reach ${target}, some may not`;
}
