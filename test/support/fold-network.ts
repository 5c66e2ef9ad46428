import { parseNetworkId } from '#libs/contracts/ids.js';
import { eventOf, streamOf } from '#libs/domain/aggregate.js';
import { NETWORK } from '#libs/domain/network/aggregate.js';
import { evolveNetworkThrough } from '#libs/domain/network/state.js';
import type { EventStore } from '#libs/event-store/event-store.js';
import type { Topology } from '#libs/policy/model.js';

/** A network's topology computed again from the log, without using the control plane's caches. */
export async function foldNetwork(store: EventStore, networkId: string): Promise<Topology> {
  const stored = await store.readStream(streamOf(NETWORK, parseNetworkId(networkId, 'network')));
  const topology = evolveNetworkThrough(
    null,
    stored.map((event) => eventOf(NETWORK, event)),
  );
  if (topology === null) throw new Error(`network ${networkId} has no events`);
  return topology;
}
