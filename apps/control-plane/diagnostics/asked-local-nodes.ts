import type { Selector } from '#libs/contracts/selectors.js';
import type { LocalNodeState } from '#libs/domain/local-node/state.js';
import type { Topology } from '#libs/policy/model.js';
import { sortedBy } from '#libs/policy/order.js';
import { matchesSource } from '#libs/policy/selector-match.js';
import { type LocalNodeReceiver, localNodeReceiver } from '../delivery/receiver.js';

/** How many developers' machines one question is put to. */
export const MOST_LOCAL_NODES_ASKED = 16;

export interface AskedLocalNodes {
  readonly asked: readonly LocalNodeReceiver[];
  /** How many more are joined that the selector stands for. */
  readonly leftOut: number;
}

/** The joined machines that a selector stands for; where there are too many, those in contact are asked first. */
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
