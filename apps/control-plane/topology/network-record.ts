import { CodedError } from '#libs/contracts/errors.js';
import type { AgentId, NetworkId } from '#libs/contracts/ids.js';
import { networkEventOf } from '#libs/domain/stored-events.js';
import type { StoredEvent } from '#libs/event-store/event-store.js';
import { participants } from '#libs/topology/compile.js';
import { fold, foldAll } from '#libs/topology/fold.js';
import type { Topology } from '#libs/topology/model.js';

/**
 * Which agents one version concerns: those that took part before the command that made it, and those that do since.
 * Of a command with several events only the last version is sent: an agent that an earlier one leaves out is told of
 * it by that.
 */
export interface VersionChange {
  readonly version: number;
  readonly commandId: string;
  readonly concerned: readonly AgentId[];
  readonly recordedAt: Date;
}

/** One network as the log tells it. */
export interface NetworkRecord {
  readonly topology: Topology;
  readonly createdAt: string;
  /** Agents that hold an attached sandbox, in order. */
  readonly participants: readonly AgentId[];
  readonly last: VersionChange;
  /** Set when the stream holds an event that this program does not understand: nothing is published from a guess. */
  readonly unreadable: string | null;
}

/** How many versions are remembered with whom they concern; older ones are read from the log. */
export const REMEMBERED_VERSIONS = 128;

/** The record after one more event of its stream; an event that cannot be read leaves it as it was, marked. */
export function nextNetworkRecord(before: NetworkRecord | null, stored: StoredEvent): NetworkRecord | null {
  if (before?.unreadable) return before;
  let topology: Topology;
  try {
    topology = fold(before?.topology ?? null, networkEventOf(stored));
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return before && { ...before, unreadable: error.message };
  }
  const now = participants(topology);
  const { commandId } = stored;
  const earlier = before?.last.commandId === commandId ? before.last.concerned : (before?.participants ?? []);
  const concerned = [...new Set([...earlier, ...now])].sort();
  return {
    topology,
    createdAt: before?.createdAt ?? stored.recordedAt,
    participants: now,
    last: { version: topology.version, commandId, concerned, recordedAt: new Date(stored.recordedAt) },
    unreadable: null,
  };
}

/**
 * As nextNetworkRecord for each event in turn, at the cost of one fold. An event that cannot be read is found one by
 * one.
 */
export function replayNetwork(before: NetworkRecord | null, events: readonly StoredEvent[]): NetworkRecord | null {
  const oneByOne = () => events.reduce<NetworkRecord | null>(nextNetworkRecord, before);
  const first = events[0];
  // Whom the last version concerns, the whole of its command decides.
  const lastCommand = events.findLastIndex(({ commandId }) => commandId !== events.at(-1)?.commandId) + 1;
  if (before?.unreadable || first === undefined || lastCommand < 2) return oneByOne();
  const start = before ?? nextNetworkRecord(null, first);
  if (start === null) return oneByOne();
  let topology: Topology | null;
  try {
    topology = foldNetwork(start.topology, events.slice(before === null ? 1 : 0, lastCommand));
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return oneByOne();
  }
  if (topology === null) return null;
  const folded: NetworkRecord = { ...start, topology, participants: participants(topology) };
  return events.slice(lastCommand).reduce<NetworkRecord | null>(nextNetworkRecord, folded);
}

/** A network's stream, folded on from a topology already known. Throws EventUnknownError, StreamOrderError. */
export function foldNetwork(before: Topology | null, events: readonly StoredEvent[]): Topology | null {
  return foldAll(before, events.map(networkEventOf));
}

export function networkIdOfStream(streamId: string): NetworkId | null {
  return streamId.startsWith('network-') ? (streamId.slice('network-'.length) as NetworkId) : null;
}
