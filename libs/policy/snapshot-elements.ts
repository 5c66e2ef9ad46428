import type { AliasName, RuleId, SandboxId } from '#libs/contracts/ids.js';
import { printRule } from '#libs/contracts/rules.js';
import type { AliasRecord, AttachedSandbox, Snapshot, Topology } from './model.js';

/** Names one element of a snapshot: a sandbox, an alias or a rule. */
export type ElementKey =
  | { readonly kind: 'sandbox'; readonly id: SandboxId }
  | { readonly kind: 'alias'; readonly id: AliasName }
  | { readonly kind: 'rule'; readonly id: RuleId };

/** An attached sandbox in the form of a snapshot. */
export function sandboxElement({ sandboxId, agentId, labels }: AttachedSandbox): Snapshot['sandboxes'][number] {
  return { sandboxId, agentId, labels };
}

/** An alias in the form of a snapshot, with its ports ascending. */
export function aliasElement({ alias, sandboxId, ports }: AliasRecord): Snapshot['aliases'][number] {
  return {
    alias,
    sandboxId,
    ports: ports
      .map(({ published, target }) => ({ published, target }))
      .sort((first, second) => first.published - second.published),
  };
}

/** The element with this key in a topology, in the form of a snapshot; null: there is none. */
export function elementOf(topology: Topology, { kind, id }: ElementKey) {
  switch (kind) {
    case 'sandbox': {
      const sandbox = topology.sandboxes.get(id);
      return sandbox === undefined ? null : sandboxElement(sandbox);
    }
    case 'alias': {
      const record = topology.aliases.get(id);
      return record === undefined ? null : aliasElement(record);
    }
    case 'rule': {
      const rule = topology.rules.get(id);
      return rule === undefined ? null : printRule(rule);
    }
  }
}
