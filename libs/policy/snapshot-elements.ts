import type { AliasName, RuleId, SandboxId } from '#libs/contracts/ids.js';
import { printRule } from '#libs/contracts/rules.js';
import type { AliasRecord, AttachedSandbox, Snapshot, Topology } from './model.js';

/** Names one element of a snapshot: a sandbox, an alias or a rule. */
export type ElementKey =
  | { readonly kind: 'sandbox'; readonly id: SandboxId }
  | { readonly kind: 'alias'; readonly id: AliasName }
  | { readonly kind: 'rule'; readonly id: RuleId };

/** An attached sandbox as a snapshot lists it. */
export function sandboxElement({ sandboxId, agentId, labels }: AttachedSandbox): Snapshot['sandboxes'][number] {
  return { sandboxId, agentId, labels };
}

/** An alias as a snapshot lists it, its ports in ascending order. */
export function aliasElement({ alias, sandboxId, ports }: AliasRecord): Snapshot['aliases'][number] {
  return {
    alias,
    sandboxId,
    ports: ports
      .map(({ published, target }) => ({ published, target }))
      .sort((first, second) => first.published - second.published),
  };
}

/** The element of this key in a topology, as a snapshot lists it; null when the topology has none. */
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
