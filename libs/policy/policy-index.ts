import type { AliasName, SandboxId } from '#libs/contracts/ids.js';
import { type PrintedRule, printRule } from '#libs/contracts/rules.js';
import type { NetworkView, Verdict } from './model.js';
import { sortedBy } from './order.js';

/** A view by what a question asks: each list of rules in order of id, and what was found out already. */
export interface PolicyIndex {
  readonly byAlias: ReadonlyMap<AliasName, readonly PrintedRule[]>;
  readonly bySelectorAndPort: ReadonlyMap<string, readonly PrintedRule[]>;
  readonly aliasesOf: ReadonlyMap<SandboxId, readonly AliasName[]>;
  readonly selectors: Map<SandboxId, ReadonlySet<string>>;
  readonly verdicts: Map<string, Verdict>;
}

/** A view never changes, so its index is made at the first question and lives as long as the view. */
const indexes = new WeakMap<NetworkView, PolicyIndex>();

export function policyIndex(view: NetworkView): PolicyIndex {
  const known = indexes.get(view);
  if (known !== undefined) return known;
  const rules = sortedBy(view.rules.values(), ({ id }) => id).map(printRule);
  const aliasesOf = new Map<SandboxId, AliasName[]>();
  for (const { alias, sandboxId } of view.aliases.values()) {
    const aliases = aliasesOf.get(sandboxId);
    if (aliases === undefined) aliasesOf.set(sandboxId, [alias]);
    else aliases.push(alias);
  }
  const index: PolicyIndex = {
    byAlias: Map.groupBy(rules, ({ to }) => to),
    bySelectorAndPort: Map.groupBy(rules, ({ from, port }) => selectorAndPort(from, port)),
    aliasesOf,
    selectors: new Map(),
    verdicts: new Map(),
  };
  indexes.set(view, index);
  return index;
}

/** The key of bySelectorAndPort: no selector has a space. */
export function selectorAndPort(selector: string, port: number): string {
  return `${selector} ${port}`;
}
