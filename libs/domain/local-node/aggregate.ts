import type { LocalNodeId } from '#libs/contracts/ids.js';
import type { Aggregate } from '../aggregate.js';
import { decideLocalNode, type LocalNodeCommand } from './decide.js';
import type { LocalNodeEvent } from './events.js';
import { LOCAL_NODE_SCHEMAS } from './events.js';
import { evolveLocalNode, type LocalNodeState } from './state.js';

export const LOCAL_NODE: Aggregate<LocalNodeId, LocalNodeState, LocalNodeEvent, LocalNodeCommand> = {
  prefix: 'local-node-',
  schemas: LOCAL_NODE_SCHEMAS,
  evolve: evolveLocalNode,
  decide: decideLocalNode,
};
