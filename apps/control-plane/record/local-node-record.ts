import type { LocalNodeId } from '#libs/contracts/ids.js';
import { evolveLocalNode, type LocalNodeState } from '#libs/domain/local-node/state.js';
import { localNodeEventOf } from '#libs/domain/stored-events.js';
import type { StoredEvent } from '#libs/event-store/event-store.js';

/** One developer's machine in one network, as the log tells it. */
export interface LocalNodeRecord {
  readonly state: LocalNodeState;
  /** When it ended; null: it is joined. */
  readonly endedAt: Date | null;
}

export function localNodeIdOfStream(streamId: string): LocalNodeId | null {
  return streamId.startsWith('local-node-') ? (streamId.slice('local-node-'.length) as LocalNodeId) : null;
}

/** The record after one more event. Throws EventUnknownError. */
export function nextLocalNodeRecord(before: LocalNodeRecord | null, stored: StoredEvent): LocalNodeRecord {
  const state = evolveLocalNode(before?.state ?? null, localNodeEventOf(stored));
  return { state, endedAt: state.status === 'joined' ? null : new Date(stored.recordedAt) };
}

/** A node's stream, folded on from a state already known. Throws EventUnknownError. */
export function foldLocalNode(before: LocalNodeState | null, events: readonly StoredEvent[]): LocalNodeState | null {
  return events.map(localNodeEventOf).reduce<LocalNodeState | null>(evolveLocalNode, before);
}
