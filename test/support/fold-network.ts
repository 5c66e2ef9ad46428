import { parseNetworkId } from '#libs/contracts/ids.js';
import { networkStream } from '#libs/domain/events.js';
import { networkEventOf } from '#libs/domain/stored-events.js';
import type { EventStore } from '#libs/event-store/event-store.js';
import { foldAll } from '#libs/topology/fold.js';
import type { Topology } from '#libs/topology/model.js';

/** A network's topology computed afresh from the log, past everything that the control plane keeps. */
export async function foldNetwork(store: EventStore, networkId: string): Promise<Topology> {
  const stored = await store.readStream(networkStream(parseNetworkId(networkId, 'network')));
  const topology = foldAll(null, stored.map(networkEventOf));
  if (topology === null) throw new Error(`network ${networkId} has no events`);
  return topology;
}
