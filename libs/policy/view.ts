import type { PrintedEgressRule } from '#libs/contracts/egress-rules.js';
import type { PrintedRule } from '#libs/contracts/rules.js';
import { parseSelector } from '#libs/contracts/selectors.js';
import type { EgressRule, NetworkView, Rule, Snapshot } from './model.js';
import { withChanges } from './overlay-map.js';
import { carryIndex } from './policy-index.js';
import { type ListChange, type SnapshotDelta, touchedBy } from './snapshot-delta.js';

/** A snapshot as `evaluate` reads it. The snapshot must have come from `compile` or `parseSnapshot`. */
export function viewOf(snapshot: Snapshot): NetworkView {
  return {
    networkId: snapshot.networkId,
    name: snapshot.name,
    version: snapshot.version,
    sandboxes: new Map(snapshot.sandboxes.map((sandbox) => [sandbox.sandboxId, sandbox])),
    aliases: new Map(snapshot.aliases.map((record) => [record.alias, record])),
    rules: new Map(snapshot.rules.map((rule) => [rule.id, ruleOf(rule)])),
    egressRules: new Map((snapshot.egress ?? []).map((rule) => [rule.id, egressRuleOf(rule)])),
  };
}

/** As viewOf the snapshot that the delta leads to from that of `before`, at the cost of what the delta touches. */
export function viewAfter(before: NetworkView, delta: SnapshotDelta): NetworkView {
  const { networkId, name, version } = delta.head;
  const view: NetworkView = {
    ...{ networkId, name, version },
    sandboxes: changed(before.sandboxes, delta.sandboxes, (sandbox) => [sandbox.sandboxId, sandbox]),
    aliases: changed(before.aliases, delta.aliases, (record) => [record.alias, record]),
    rules: changed(before.rules, delta.rules, (rule) => [rule.id, ruleOf(rule)]),
    egressRules: changed(before.egressRules, delta.egress, (rule) => [rule.id, egressRuleOf(rule)]),
  };
  carryIndex(before, view, touchedBy(delta));
  return view;
}

function changed<Id, Element, Value extends object>(
  map: ReadonlyMap<Id, Value>,
  { gone, put }: ListChange<Id, Element>,
  entryOf: (element: Element) => readonly [Id, Value],
): ReadonlyMap<Id, Value> {
  const changes = new Map<Id, Value | undefined>(gone.map((id) => [id, undefined]));
  for (const element of put) changes.set(...entryOf(element));
  return withChanges(map, changes);
}

function ruleOf(rule: PrintedRule): Rule {
  return { ...rule, until: rule.until ?? null, from: parseSelector(rule.from, 'from') };
}

function egressRuleOf(rule: PrintedEgressRule): EgressRule {
  return { ...rule, via: rule.via ?? null, until: rule.until ?? null, from: parseSelector(rule.from, 'from') };
}
