import type { NetworkId } from '#libs/contracts/ids.js';
import type { Topology } from '#libs/policy/model.js';
import type { Aggregate } from '../aggregate.js';
import type { NetworkCommand } from './commands.js';
import { decideNetwork } from './decide.js';
import type { NetworkEvent } from './events.js';
import { NETWORK_SCHEMAS } from './events.js';
import { evolveNetwork, evolveNetworkThrough } from './state.js';

export const NETWORK: Aggregate<NetworkId, Topology, NetworkEvent, NetworkCommand> = {
  prefix: 'network-',
  schemas: NETWORK_SCHEMAS,
  evolve: evolveNetwork,
  evolveThrough: evolveNetworkThrough,
  decide: decideNetwork,
};
