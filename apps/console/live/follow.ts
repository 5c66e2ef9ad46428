import type { QueryClient } from '@tanstack/react-query';
import type { AppliedSummary, Network } from '../api/shapes.js';
import { contacts, lastPosition, liveState, nextLiveState, skippedEvents } from './live-state.js';
import type { StreamMessage } from './messages.js';
import { Refresher } from './refresher.js';
import { staleKeys } from './stale-keys.js';
import { joinStream, type StreamHolder } from './stream-holder.js';

let holder: StreamHolder | null = null;

/** Joins the stream and updates the query cache from it, until `leave`. */
export function follow(queries: QueryClient): () => void {
  const refresher = new Refresher(queries);
  const joined = joinStream((message) => heard(message, queries, refresher));
  holder = joined;
  const leave = (): void => joined.leave();
  // A closed tab sends nothing else.
  addEventListener('pagehide', leave);
  return () => {
    removeEventListener('pagehide', leave);
    leave();
  };
}

/** Reconnects to the control plane now instead of at the next attempt. */
export function tryNow(): void {
  holder?.tryNow();
}

function heard(message: StreamMessage, queries: QueryClient, refresher: Refresher): void {
  liveState.set(nextLiveState(liveState.get(), message, Date.now()));
  switch (message.kind) {
    case 'live':
      lastPosition.set(message.hello.position);
      // Contacts, acknowledgements and open connections are not in the log's events, so everything is fetched again.
      refresher.add([[]]);
      return;
    case 'signed-out':
      void queries.resetQueries({ queryKey: ['session'] });
      return;
    case 'event': {
      if (message.position !== null) lastPosition.set(message.position);
      const keys = staleKeys(message.name, message.data);
      if (keys === null) skippedEvents.set(skippedEvents.get() + 1);
      else refresher.add(keys);
      if (message.name === 'network-state') patchNetworks(queries, message.data);
      if (message.name === 'heartbeat') noteContacts(message.data);
      return;
    }
    case 'not-live':
      return;
  }
}

/** Shows an acknowledgement at once: the event has all that the list needs. */
function patchNetworks(queries: QueryClient, data: unknown): void {
  const said = data as {
    readonly network: string;
    readonly version: number;
    readonly status: Network['status'];
    readonly applied: AppliedSummary;
  };
  const patched = (network: Network): Network =>
    network.name === said.network && said.version >= network.version
      ? { ...network, version: said.version, status: said.status, applied: said.applied }
      : network;
  queries.setQueryData<readonly Network[]>(['networks'], (networks) => networks?.map(patched));
  queries.setQueryData<Network>(['network', said.network, 'show'], (network) => network && patched(network));
}

function noteContacts(data: unknown): void {
  const { contacts: heardOf } = data as {
    readonly contacts?: readonly { readonly agentId: string; readonly lastContactAt: string }[];
  };
  if (heardOf === undefined || heardOf.length === 0) return;
  const next = new Map(contacts.get());
  for (const { agentId, lastContactAt } of heardOf) next.set(agentId, lastContactAt);
  contacts.set(next);
}
