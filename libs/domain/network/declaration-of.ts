import type { Declaration } from '#libs/contracts/declarations.js';
import { printEgressRule } from '#libs/contracts/egress-rules.js';
import { printRule } from '#libs/contracts/rules.js';
import type { AliasRecord, Topology } from '#libs/policy/model.js';
import { sortedBy } from '#libs/policy/order.js';
import { textOfEgressRule, textOfRule } from './rule-identity.js';

/** The declaration that a network meets now, in order: applied to it, it changes nothing, pruned or not. */
export function declarationOf({ sandboxes, aliases, rules, egressRules }: Topology): Declaration {
  const published = Map.groupBy(
    sortedBy(aliases.values(), ({ alias }) => alias),
    ({ sandboxId }: AliasRecord) => sandboxId,
  );
  return {
    sandboxes: sortedBy(sandboxes.keys(), (sandbox) => sandbox).map((sandbox) => ({
      sandbox,
      aliases: (published.get(sandbox) ?? []).map(({ alias, ports }) => ({ alias, ports })),
    })),
    rules: eachOnce(lasting(rules), textOfRule).map((rule) => {
      const { effect, from, to, port } = printRule(rule);
      return { effect, from, to, port };
    }),
    egress: eachOnce(lasting(egressRules), textOfEgressRule).map((rule) => {
      const { effect, from, to, port, private: mayBePrivate, via = null } = printEgressRule(rule);
      return { effect, from, to, port, private: mayBePrivate, via };
    }),
  };
}

/** Rules with an end are no part of a declaration. */
function lasting<Rule extends { readonly until: string | null }>(rules: ReadonlyMap<string, Rule>): readonly Rule[] {
  return [...rules.values()].filter(({ until }) => until === null);
}

/** In the order of what they are about. */
function eachOnce<Rule extends { readonly to: string; readonly port: number }>(
  rules: Iterable<Rule>,
  textOf: (rule: Rule) => string,
): readonly Rule[] {
  const byText = new Map([...rules].map((rule) => [`${rule.to}:${rule.port} ${textOf(rule)}`, rule]));
  return sortedBy(byText, ([text]) => text).map(([, rule]) => rule);
}
