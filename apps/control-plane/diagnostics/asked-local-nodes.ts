import type { Selector } from '#libs/contracts/selectors.js';
import type { LocalNodeState } from '#libs/domain/local-node/state.js';
import type { Topology } from '#libs/policy/model.js';
import { sortedBy } from '#libs/policy/order.js';
import { matchesSource } from '#libs/policy/selector-match.js';
import { type LocalNodeReceiver, localNodeReceiver } from '../delivery/receiver.js';

/** Developers' machines that are asked one question. */
export const MOST_LOCAL_NODES_ASKED = 16;

export interface AskedLocalNodes {
  readonly asked: readonly LocalNodeReceiver[];
  /** The number of further joined machines that the selector matches. */
  readonly leftOut: number;
}

/** The joined machines that a selector matches; if there are too many, those in contact come first. */
export function localNodesToAsk(
  topology: Topology,
  selector: Selector,
  nodes: readonly LocalNodeState[],
  isInContact: (node: LocalNodeState) => boolean,
): AskedLocalNodes {
  const meant = nodes.filter(
    ({ status, networkId, user }) =>
      status === 'joined' &&
      networkId === topology.networkId &&
      matchesSource(topology, selector, { kind: 'local', user }),
  );
  const { near = [], far = [] } = Object.groupBy(meant, (node) => (isInContact(node) ? 'near' : 'far'));
  const asked = [near, far]
    .flatMap((group) => sortedBy(group, ({ nodeId }) => nodeId))
    .slice(0, MOST_LOCAL_NODES_ASKED)
    .map(localNodeReceiver);
  return { asked, leftOut: meant.length - asked.length };
}
