import type { AliasName, SandboxId } from '#libs/contracts/ids.js';
import { type PrintedRule, printRule } from '#libs/contracts/rules.js';
import type { NetworkView, Rule, Verdict } from './model.js';
import { placeOf, sortedBy } from './order.js';
import { withChanges } from './overlay-map.js';
import { endOf, endsOf, firstEnd, type RuleEnds } from './rule-ends.js';
import type { ElementKey } from './snapshot-elements.js';

/** A view by what a question asks: each list of rules in order of id, and what was found out already. */
export interface PolicyIndex {
  readonly view: NetworkView;
  readonly byAlias: ReadonlyMap<AliasName, readonly PrintedRule[]>;
  readonly bySelectorAndPort: ReadonlyMap<string, readonly PrintedRule[]>;
  /** Rules whose source is an alias, by that alias. */
  readonly bySourceAlias: ReadonlyMap<AliasName, readonly PrintedRule[]>;
  /** In order of the alias. */
  readonly aliasesOf: ReadonlyMap<SandboxId, readonly AliasName[]>;
  readonly selectors: Map<SandboxId, ReadonlySet<string>>;
  readonly verdicts: Map<string, Verdict>;
  /** By the selectors of a source and by port: rules that may be near misses. */
  readonly nearRules: WeakMap<ReadonlySet<string>, Map<number, readonly PrintedRule[]>>;
  /** Of rules about aliases. */
  readonly ends: RuleEnds;
  /** Of rules about names outside. */
  readonly outsideEnds: RuleEnds;
  /** Until then the view is as its rules stand; Infinity: for ever. */
  readonly firstEndMs: number;
}

/** A view never changes, so its index is made at the first question and lives as long as the view. */
const indexes = new WeakMap<NetworkView, PolicyIndex>();

export function policyIndex(view: NetworkView): PolicyIndex {
  const known = indexes.get(view);
  if (known !== undefined) return known;
  const rules = sortedBy(view.rules.values(), ({ id }) => id).map(printRule);
  const aliasesOf = new Map<SandboxId, AliasName[]>();
  for (const { alias, sandboxId } of sortedBy(view.aliases.values(), (record) => record.alias)) {
    const aliases = aliasesOf.get(sandboxId);
    if (aliases === undefined) aliasesOf.set(sandboxId, [alias]);
    else aliases.push(alias);
  }
  const bySourceAlias = new Map<AliasName, PrintedRule[]>();
  for (const rule of rules) {
    const source = sourceAlias(view.rules.get(rule.id));
    if (source === undefined) continue;
    const ofSource = bySourceAlias.get(source);
    if (ofSource === undefined) bySourceAlias.set(source, [rule]);
    else ofSource.push(rule);
  }
  const [ends, outsideEnds] = [endsOf(view.rules), endsOf(view.egressRules)];
  const index: PolicyIndex = {
    view,
    byAlias: Map.groupBy(rules, ({ to }) => to),
    bySelectorAndPort: Map.groupBy(rules, ({ from, port }) => selectorAndPort(from, port)),
    bySourceAlias,
    aliasesOf,
    selectors: new Map(),
    verdicts: new Map(),
    nearRules: new WeakMap(),
    ends,
    outsideEnds,
    firstEndMs: firstEnd(ends, outsideEnds),
  };
  indexes.set(view, index);
  return index;
}

/**
 * Makes the index of a view from that of the one before, if that has one, at the cost of what changed. `touched` names
 * every element that is not the same in both.
 */
export function carryIndex(before: NetworkView, after: NetworkView, touched: readonly ElementKey[]): void {
  const known = indexes.get(before);
  if (known === undefined) return;
  const byAlias = new Lists<AliasName, PrintedRule>(known.byAlias);
  const bySelectorAndPort = new Lists<string, PrintedRule>(known.bySelectorAndPort);
  const bySourceAlias = new Lists<AliasName, PrintedRule>(known.bySourceAlias);
  const aliasesOf = new Lists<SandboxId, AliasName>(known.aliasesOf);
  const selectors = new Map(known.selectors);
  const ends = endsAfter(known.ends, touched, after);
  const isSameOutside = before.egressRules === after.egressRules;
  const outsideEnds = isSameOutside ? known.outsideEnds : endsOf(after.egressRules);
  const isAsBefore = isSameOutside && ends === known.ends;
  for (const key of touched) {
    switch (key.kind) {
      case 'rule': {
        const rules = [before.rules.get(key.id), after.rules.get(key.id)];
        const [old, present] = rules.map(printed);
        byAlias.replace(old?.to, present?.to, old, present, ({ id }) => id);
        const [from, to] = [old, present].map((rule) => rule && selectorAndPort(rule.from, rule.port));
        bySelectorAndPort.replace(from, to, old, present, ({ id }) => id);
        const [oldSource, source] = rules.map(sourceAlias);
        bySourceAlias.replace(oldSource, source, old, present, ({ id }) => id);
        break;
      }
      case 'alias': {
        const [old, present] = [before.aliases.get(key.id)?.sandboxId, after.aliases.get(key.id)?.sandboxId];
        aliasesOf.replace(old, present, key.id, key.id, (alias) => alias);
        for (const sandboxId of [old, present]) if (sandboxId !== undefined) selectors.delete(sandboxId);
        break;
      }
      case 'sandbox':
        selectors.delete(key.id);
    }
  }
  indexes.set(after, {
    view: after,
    byAlias: byAlias.changed(),
    bySelectorAndPort: bySelectorAndPort.changed(),
    bySourceAlias: bySourceAlias.changed(),
    aliasesOf: aliasesOf.changed(),
    selectors,
    verdicts: new Map(),
    nearRules: new WeakMap(),
    ends,
    outsideEnds,
    firstEndMs: isAsBefore ? known.firstEndMs : firstEnd(ends, outsideEnds),
  });
}

function sourceAlias(rule: Rule | undefined): AliasName | undefined {
  return rule?.from.kind === 'alias' ? rule.from.alias : undefined;
}

/** Costs the rules touched, and the ends when one of those rules has one. */
function endsAfter(ends: RuleEnds, touched: readonly ElementKey[], { rules }: NetworkView): RuleEnds {
  const changes = touched.flatMap((key) => {
    if (key.kind !== 'rule') return [];
    const rule = rules.get(key.id);
    const end = rule === undefined ? null : endOf(rule);
    return end === null && !ends.has(key.id) ? [] : [{ id: key.id, end }];
  });
  if (changes.length === 0) return ends;
  const after = new Map(ends);
  for (const { id, end } of changes) {
    if (end === null) after.delete(id);
    else after.set(id, end);
  }
  return after;
}

function printed(rule: Rule | undefined): PrintedRule | undefined {
  return rule && printRule(rule);
}

/** Lists by key, each in order of its items' ids, of which a few are about to change. */
class Lists<Key, Item> {
  private readonly changes = new Map<Key, readonly Item[] | undefined>();

  constructor(private readonly lists: ReadonlyMap<Key, readonly Item[]>) {}

  /** Takes an item off the list of one key and puts another on that of another key, in order; undefined: no list. */
  replace(
    from: Key | undefined,
    to: Key | undefined,
    old: Item | undefined,
    present: Item | undefined,
    idOf: (item: Item) => string,
  ): void {
    if (from !== undefined && old !== undefined) this.put(from, idOf(old), idOf);
    if (to !== undefined && present !== undefined) this.put(to, idOf(present), idOf, present);
  }

  /** The item of this id is `present` from now on; left out: there is none. */
  private put(key: Key, id: string, idOf: (item: Item) => string, ...present: readonly Item[]): void {
    const list = this.of(key);
    const at = placeOf(list, id, idOf);
    const known = list[at];
    this.set(key, list.toSpliced(at, known !== undefined && idOf(known) === id ? 1 : 0, ...present));
  }

  changed(): ReadonlyMap<Key, readonly Item[]> {
    return withChanges(this.lists, this.changes);
  }

  private of(key: Key): readonly Item[] {
    return (this.changes.has(key) ? this.changes.get(key) : this.lists.get(key)) ?? [];
  }

  private set(key: Key, list: readonly Item[]): void {
    this.changes.set(key, list.length === 0 ? undefined : list);
  }
}

/** The key of bySelectorAndPort: no selector has a space. */
export function selectorAndPort(selector: string, port: number): string {
  return `${selector} ${port}`;
}
