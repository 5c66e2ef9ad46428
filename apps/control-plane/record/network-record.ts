import { CodedError } from '#libs/contracts/errors.js';
import type { AgentId } from '#libs/contracts/ids.js';
import { eventOf, foldStored } from '#libs/domain/aggregate.js';
import { NETWORK } from '#libs/domain/network/aggregate.js';
import type { NetworkEvent } from '#libs/domain/network/events.js';
import { agentNamedBy } from '#libs/domain/network/placed-agent.js';
import { evolveNetwork } from '#libs/domain/network/state.js';
import { elementsTouchedBy } from '#libs/domain/network/touched-elements.js';
import { takesSomethingAway } from '#libs/domain/network/urgency.js';
import type { StoredEvent } from '#libs/event-store/event-store.js';
import { participants } from '#libs/policy/compile.js';
import type { Topology } from '#libs/policy/model.js';
import { digestAfter, digestOfTopology, EMPTY_DIGEST, type SnapshotDigest } from '#libs/policy/snapshot-digest.js';
import { VersionHashes } from './version-hashes.js';

/**
 * Which agents one version concerns: those that took part before the command that made it, and those that do since.
 * Of a command with several events only the last version is sent: an agent that an earlier one leaves out is told of
 * it by that.
 */
export interface VersionChange {
  readonly version: number;
  readonly commandId: string;
  readonly concerned: readonly AgentId[];
  /** Agents that took part at this version, in order. */
  readonly participants: readonly AgentId[];
  readonly recordedAt: Date;
  /** Whether its event may take something away from somebody. */
  readonly takesAway: boolean;
  /** null: this version was passed over by a replay, and the log has to be read for it. */
  readonly hashes: VersionHashes | null;
}

/** The hash that proves this version for this agent; null: it has to be worked out from the log. */
export function expectedHash({ hashes, participants: taking }: VersionChange, agentId: AgentId): string | null {
  return hashes?.of(taking.includes(agentId)) ?? null;
}

/** One network as the log tells it. */
export interface NetworkRecord {
  readonly topology: Topology;
  readonly createdAt: string;
  /** Agents that hold an attached sandbox, in order. */
  readonly participants: readonly AgentId[];
  /** Agents that ever held an attached sandbox: nobody else has anything to say about this network. */
  readonly members: ReadonlySet<AgentId>;
  readonly last: VersionChange;
  /** null: not worked out since the last replay. */
  readonly digest: SnapshotDigest | null;
  /** Set when the stream holds an event that this program does not understand: nothing is published from a guess. */
  readonly unreadable: string | null;
}

/** How many versions are remembered with whom they concern; older ones are read from the log. */
export const REMEMBERED_VERSIONS = 128;

/** The record after one more event of its stream; an event that cannot be read leaves it as it was, marked. */
export function nextNetworkRecord(before: NetworkRecord | null, stored: StoredEvent): NetworkRecord | null {
  const record = withoutHashes(before, stored);
  if (record === null || record.unreadable !== null) return record;
  const { topology, last } = record;
  const from = before === null ? EMPTY_DIGEST : (before.digest ?? digestOfTopology(before.topology));
  const digest = digestAfter(from, elementsTouchedBy(eventOf(NETWORK, stored)), topology);
  return { ...record, digest, last: { ...last, hashes: new VersionHashes(topology, digest) } };
}

/**
 * As nextNetworkRecord for each event in turn, at the cost of one fold and one digest. An event that cannot be read is
 * found one by one.
 */
export function replayNetwork(before: NetworkRecord | null, events: readonly StoredEvent[]): NetworkRecord | null {
  const oneByOne = () => events.reduce<NetworkRecord | null>(withoutHashes, before);
  const first = events[0];
  // Whom the last version concerns, the whole of its command decides.
  const lastCommand = events.findLastIndex(({ commandId }) => commandId !== events.at(-1)?.commandId) + 1;
  if (before?.unreadable || first === undefined || lastCommand < 2) return oneByOne();
  const start = before ?? withoutHashes(null, first);
  if (start === null) return oneByOne();
  let topology: Topology | null;
  const folded = events.slice(before === null ? 1 : 0, lastCommand);
  try {
    topology = foldStored(NETWORK, start.topology, folded);
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return oneByOne();
  }
  if (topology === null) return null;
  const members = withMembers(
    start.members,
    folded.map((event) => eventOf(NETWORK, event)),
  );
  const record: NetworkRecord = { ...start, topology, members, participants: participants(topology) };
  return events.slice(lastCommand).reduce<NetworkRecord | null>(withoutHashes, record);
}

function withoutHashes(before: NetworkRecord | null, stored: StoredEvent): NetworkRecord | null {
  if (before?.unreadable) return before;
  let event: NetworkEvent;
  let topology: Topology;
  try {
    event = eventOf(NETWORK, stored);
    topology = evolveNetwork(before?.topology ?? null, event);
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return before && { ...before, unreadable: error.message };
  }
  const now = participants(topology);
  const { commandId } = stored;
  const earlier = before?.last.commandId === commandId ? before.last.concerned : (before?.participants ?? []);
  const recordedAt = new Date(stored.recordedAt);
  const concerned = [...new Set([...earlier, ...now])].sort();
  return {
    topology,
    createdAt: before?.createdAt ?? stored.recordedAt,
    participants: now,
    members: withMembers(before?.members ?? new Set(), [event]),
    last: {
      ...{ version: topology.version, commandId, concerned, participants: now, recordedAt },
      takesAway: takesSomethingAway(event),
      hashes: null,
    },
    digest: null,
    unreadable: null,
  };
}

/** The agents that a sandbox was placed on by one of these events, too. */
function withMembers(members: ReadonlySet<AgentId>, events: readonly NetworkEvent[]): ReadonlySet<AgentId> {
  const added = events.flatMap((event) => {
    const agentId = agentNamedBy(event);
    return agentId === null || members.has(agentId) ? [] : [agentId];
  });
  return added.length === 0 ? members : new Set([...members, ...added]);
}
