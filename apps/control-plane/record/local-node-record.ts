import { eventOf } from '#libs/domain/aggregate.js';
import { LOCAL_NODE } from '#libs/domain/local-node/aggregate.js';
import { evolveLocalNode, type LocalNodeState } from '#libs/domain/local-node/state.js';
import type { StoredEvent } from '#libs/event-store/event-store.js';

/** One developer's machine in one network, according to the log. */
export interface LocalNodeRecord {
  readonly state: LocalNodeState;
  /** When it ended; null: it is joined. */
  readonly endedAt: Date | null;
}

/** The record after one more event. Throws EventUnknownError. */
export function nextLocalNodeRecord(before: LocalNodeRecord | null, stored: StoredEvent): LocalNodeRecord {
  const state = evolveLocalNode(before?.state ?? null, eventOf(LOCAL_NODE, stored));
  return { state, endedAt: state.status === 'joined' ? null : new Date(stored.recordedAt) };
}
