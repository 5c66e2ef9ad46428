import { CodedError } from '#libs/contracts/errors.js';
import { type AgentId, parseNetworkName } from '#libs/contracts/ids.js';
import { MIN_STALENESS_SECONDS } from '#libs/contracts/values.js';
import { eventOf, foldStored, idOfStream } from '#libs/domain/aggregate.js';
import { NETWORK } from '#libs/domain/network/aggregate.js';
import type { NetworkEvent } from '#libs/domain/network/events.js';
import { agentsNamedBy } from '#libs/domain/network/named-agents.js';
import { evolveNetwork } from '#libs/domain/network/state.js';
import { elementsTouchedBy } from '#libs/domain/network/touched-elements.js';
import { takesSomethingAway } from '#libs/domain/network/urgency.js';
import type { StoredEvent } from '#libs/event-store/event-store.js';
import { participants } from '#libs/policy/compile.js';
import type { Topology } from '#libs/policy/model.js';
import { digestAfter, digestOfTopology, EMPTY_DIGEST, type SnapshotDigest } from '#libs/policy/snapshot-digest.js';
import { type UnreadableEvent, unreadableEvent } from './unreadable-event.js';
import { VersionHashes } from './version-hashes.js';

/**
 * Which agents one version concerns: those that took part before the command that made it, and those that do since.
 * Of a command with several events only the last version is sent: an agent that an earlier one leaves out is told of
 * it by that.
 */
export interface VersionChange {
  readonly version: number;
  readonly commandId: string;
  /** null: it cannot be read. */
  readonly event: NetworkEvent | null;
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
  return hashes?.of(agentId, isAmong(taking, agentId)) ?? null;
}

/** As `includes`, at the same cost for a thousand agents as for ten: each heartbeat asks for each network. */
export function isAmong(agents: readonly AgentId[], agentId: AgentId): boolean {
  const known = asSet.get(agents) ?? new Set(agents);
  asSet.set(agents, known);
  return known.has(agentId);
}

/** Versions with the same participants share one list. */
const asSet = new WeakMap<readonly AgentId[], ReadonlySet<AgentId>>();

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
  /** The number of events in the stream, whether they can be read or not. */
  readonly streamVersion: number;
  /** Of a quarantined network: whom that cut off. */
  readonly cutOff: readonly AgentId[];
  /** Set when the stream holds an event that this program does not understand: nothing is published from a guess. */
  readonly unreadable: UnreadableEvent | null;
  /**
   * An event behind the one that cannot be read, after which the version that is known here is not in force any more:
   * the network was deleted, or is not quarantined now.
   */
  readonly endedBy: 'deletion' | 'lift' | null;
}

/** Whether an admin's quarantine is in force. */
export function isQuarantined({ topology, endedBy }: NetworkRecord): boolean {
  return topology.quarantinedSince !== null && endedBy === null;
}

/** The agents that are to hold the network's present version: of a quarantined one, that it is not theirs any more. */
export function agentsConcerned({ topology, participants: taking, cutOff }: NetworkRecord): readonly AgentId[] {
  return topology.quarantinedSince === null ? taking : cutOff;
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
 * As nextNetworkRecord for each of these events of one command, at the cost of one fold. Of the versions in between,
 * which nobody is sent, nothing is remembered.
 */
export function afterCommand(before: NetworkRecord | null, events: readonly StoredEvent[]): NetworkRecord | null {
  const oneByOne = () => events.reduce<NetworkRecord | null>(nextNetworkRecord, before);
  const [last, rest] = [events.at(-1), events.slice(0, -1)];
  if (before === null || before.unreadable !== null || last === undefined || rest.length === 0) return oneByOne();
  let topology: Topology | null;
  try {
    topology = foldStored(NETWORK, before.topology, rest);
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return oneByOne();
  }
  if (topology === null) return null;
  const known = rest.map((event) => eventOf(NETWORK, event));
  const from = before.digest ?? digestOfTopology(before.topology);
  const now = participants(topology);
  const earlier = before.last.commandId === last.commandId ? before.last.concerned : before.participants;
  const concerned = allOf(earlier, now);
  const cutOff = known.reduce(cutOffAfter, before.cutOff);
  const between: NetworkRecord = {
    ...{ ...before, topology, cutOff, participants: now, streamVersion: topology.version },
    members: withMembers(before.members, known),
    digest: digestAfter(from, known.flatMap(elementsTouchedBy), topology),
    last: { ...before.last, commandId: last.commandId, concerned },
  };
  const record = nextNetworkRecord(between, last);
  if (record === null || !known.some(takesSomethingAway)) return record;
  return { ...record, last: { ...record.last, takesAway: true } };
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
  const known = folded.map((event) => eventOf(NETWORK, event));
  const record: NetworkRecord = {
    ...{ ...start, topology, participants: participants(topology), streamVersion: topology.version },
    ...{ members: withMembers(start.members, known), cutOff: known.reduce(cutOffAfter, start.cutOff) },
  };
  const read = events.slice(lastCommand).reduce<NetworkRecord | null>(withoutHashes, record);
  // The fold keeps no trace of whom the last readable version concerned.
  return read === null || read.unreadable !== null ? oneByOne() : read;
}

function withoutHashes(before: NetworkRecord | null, stored: StoredEvent): NetworkRecord | null {
  try {
    const event = eventOf(NETWORK, stored);
    if (before?.unreadable) return passedOver(before, event, stored);
    const topology = evolveNetwork(before?.topology ?? null, event);
    return recordAt(before, stored, event, topology, null);
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    const record = before ?? unreadableFromItsBeginning(stored);
    if (record === null) return null;
    return {
      ...record,
      streamVersion: stored.streamVersion,
      unreadable: record.unreadable ?? unreadableEvent(stored, error),
    };
  }
}

function recordAt(
  before: NetworkRecord | null,
  { commandId, recordedAt: writtenAt, streamVersion }: StoredEvent,
  event: NetworkEvent,
  topology: Topology,
  unreadable: UnreadableEvent | null,
): NetworkRecord {
  const now = participants(topology);
  const earlier = before?.last.commandId === commandId ? before.last.concerned : (before?.participants ?? []);
  const recordedAt = new Date(writtenAt);
  const cutOff = cutOffAfter(before?.cutOff ?? [], event);
  const concerned = allOf(earlier, now, cutOff, before?.cutOff ?? []);
  return {
    ...{ topology, cutOff, streamVersion, unreadable },
    createdAt: before?.createdAt ?? writtenAt,
    participants: now,
    members: withMembers(before?.members ?? new Set(), [event]),
    last: {
      ...{ version: topology.version, commandId, event, concerned, participants: now, recordedAt },
      takesAway: takesSomethingAway(event),
      hashes: null,
    },
    ...{ digest: null, endedBy: null },
  };
}

/** Without duplicates, in order; the first list itself if the others add nothing. */
function allOf(first: readonly AgentId[], ...others: readonly (readonly AgentId[])[]): readonly AgentId[] {
  if (others.every((list) => list === first || list.length === 0)) return first;
  return [...new Set([...first, ...others.flat()])].sort();
}

/** An event behind one that cannot be read has no known effect, unless it ends what was before, whatever that was. */
function passedOver(before: NetworkRecord, event: NetworkEvent, stored: StoredEvent): NetworkRecord {
  const { streamVersion } = stored;
  if (before.endedBy === 'deletion') return { ...before, streamVersion };
  switch (event.type) {
    case 'NetworkQuarantined': {
      const topology = { ...before.topology, version: streamVersion, quarantinedSince: streamVersion };
      return recordAt(before, stored, event, topology, before.unreadable);
    }
    case 'NetworkQuarantineLifted':
      return { ...before, streamVersion, endedBy: 'lift' };
    case 'NetworkDeleted':
      return { ...before, streamVersion, endedBy: 'deletion' };
    default:
      return { ...before, streamVersion };
  }
}

/**
 * A network whose first event is of a newer release: what it is called is read as long as that is where it always was.
 */
function unreadableFromItsBeginning({ streamId, streamVersion, recordedAt, data, commandId }: StoredEvent) {
  const networkId = idOfStream(NETWORK, streamId);
  if (networkId === null || streamVersion !== 1) return null;
  try {
    const topology: Topology = {
      ...{ networkId, name: parseNetworkName(data.name, 'name'), mode: 'agent_proxy', version: 1 },
      ...{ maxStalenessSeconds: MIN_STALENESS_SECONDS, deleted: false, quarantinedSince: null },
      ...{ sandboxes: new Map(), aliases: new Map(), rules: new Map(), egressRules: new Map() },
      ...{ formerPublishers: new Map(), policyTests: new Map() },
    };
    const last = { version: 1, commandId, concerned: [], participants: [], recordedAt: new Date(recordedAt) };
    const record: NetworkRecord = {
      ...{ topology, createdAt: recordedAt, participants: [], members: new Set(), cutOff: [], streamVersion },
      ...{
        last: { ...last, event: null, takesAway: false, hashes: null },
        digest: null,
        unreadable: null,
        endedBy: null,
      },
    };
    return record;
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return null;
  }
}

function cutOffAfter(before: readonly AgentId[], event: NetworkEvent): readonly AgentId[] {
  switch (event.type) {
    case 'NetworkQuarantined':
      return [...new Set([...before, ...event.data.agents])].sort();
    case 'NetworkQuarantineLifted':
    case 'NetworkDeleted':
      return [];
    default:
      return before;
  }
}

/** The agents that one of these events names, too. */
function withMembers(members: ReadonlySet<AgentId>, events: readonly NetworkEvent[]): ReadonlySet<AgentId> {
  const added = events.flatMap(agentsNamedBy).filter((agentId) => !members.has(agentId));
  return added.length === 0 ? members : new Set([...members, ...added]);
}
