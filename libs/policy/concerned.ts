import type { SandboxId } from '#libs/contracts/ids.js';
import type { NetworkView } from './model.js';
import { policyIndex } from './policy-index.js';
import type { SnapshotDelta } from './snapshot-delta.js';

/** Of which connections a change can alter the verdict: to one of these names, or from one of these sandboxes. */
export interface Concerned {
  readonly names: ReadonlySet<string>;
  readonly sandboxes: ReadonlySet<SandboxId>;
}

/**
 * Whom a delta between two views concerns; null: everybody. A rule concerns connections to its alias. An alias concerns
 * those to it, and those of its publishers, whom rules may name by it. A sandbox concerns its own and those to its
 * aliases.
 */
export function concernedBy(before: NetworkView, after: NetworkView, delta: SnapshotDelta): Concerned | null {
  if (delta.egress.gone.length + delta.egress.put.length > 0) return null;
  const names = new Set<string>();
  const sandboxes = new Set<SandboxId>();
  for (const view of [before, after]) {
    for (const id of [...delta.rules.gone, ...delta.rules.put.map((rule) => rule.id)]) {
      const rule = view.rules.get(id);
      if (rule !== undefined) names.add(rule.to);
    }
    for (const alias of [...delta.aliases.gone, ...delta.aliases.put.map((record) => record.alias)]) {
      names.add(alias);
      const record = view.aliases.get(alias);
      if (record !== undefined) sandboxes.add(record.sandboxId);
    }
  }
  const touched = new Set([...delta.sandboxes.gone, ...delta.sandboxes.put.map(({ sandboxId }) => sandboxId)]);
  for (const sandboxId of touched) sandboxes.add(sandboxId);
  for (const sandboxId of touched) {
    for (const alias of policyIndex(after).aliasesOf.get(sandboxId) ?? []) names.add(alias);
  }
  return { names, sandboxes };
}
