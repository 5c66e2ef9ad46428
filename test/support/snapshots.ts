import { printEgressRule } from '#libs/contracts/egress-rules.js';
import { parseNetworkName } from '#libs/contracts/ids.js';
import { printRule } from '#libs/contracts/rules.js';
import type { Snapshot } from '#libs/policy/model.js';
import { networkView, type ViewText } from '#test/support/network-view.js';

export interface SnapshotText extends ViewText {
  readonly name?: string;
  readonly maxStalenessSeconds?: number;
}

/** A snapshot as `compile` would make it, from a short description. */
export function snapshotOf(text: SnapshotText): Snapshot {
  const view = networkView(text);
  const inOrder = <T>(values: Iterable<T>, key: (value: T) => string) =>
    [...values].sort((one, other) => (key(one) < key(other) ? -1 : 1));
  const egress = inOrder([...view.egressRules.values()].map(printEgressRule), ({ id }) => id);
  return {
    format: 1,
    networkId: view.networkId,
    name: parseNetworkName(text.name ?? view.name, 'name'),
    version: view.version,
    maxStalenessSeconds: text.maxStalenessSeconds ?? 86_400,
    participates: true,
    sandboxes: inOrder(view.sandboxes.values(), ({ sandboxId }) => sandboxId),
    aliases: inOrder(view.aliases.values(), ({ alias }) => alias),
    rules: inOrder([...view.rules.values()].map(printRule), ({ id }) => id),
    ...(egress.length === 0 ? {} : { egress }),
  };
}

/** Tells an agent that it no longer takes part in a network. */
export function leavingSnapshot(text: Pick<SnapshotText, 'networkId' | 'name' | 'version'>): Snapshot {
  return { ...snapshotOf({ ...text, sandboxes: {}, aliases: {} }), participates: false };
}
