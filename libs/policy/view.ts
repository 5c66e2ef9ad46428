import { parseSelector } from '#libs/contracts/selectors.js';
import type { NetworkView, Snapshot } from './model.js';

/** A snapshot as `evaluate` reads it. The snapshot must have come from `compile` or `parseSnapshot`. */
export function viewOf(snapshot: Snapshot): NetworkView {
  return {
    networkId: snapshot.networkId,
    name: snapshot.name,
    version: snapshot.version,
    sandboxes: new Map(snapshot.sandboxes.map((sandbox) => [sandbox.sandboxId, sandbox])),
    aliases: new Map(snapshot.aliases.map((record) => [record.alias, record])),
    rules: new Map(snapshot.rules.map((rule) => [rule.id, { ...rule, from: parseSelector(rule.from, 'from') }])),
    egressRules: new Map(
      (snapshot.egress ?? []).map((rule) => [
        rule.id,
        { ...rule, via: rule.via ?? null, from: parseSelector(rule.from, 'from') },
      ]),
    ),
  };
}
