import { elementsOf, FORM, type KeptTopology, keptTopology, topologyOf } from '#libs/domain/network/checkpoint.js';
import type { SandboxState } from '#libs/domain/sandbox/state.js';
import { RELEASE } from '#libs/program/release.js';
import type { AgentRecord } from './agent-record.js';
import type { LocalNodeRecord } from './local-node-record.js';
import type { NetworkRecord, VersionChange } from './network-record.js';

/** All that the control plane knows of the log: the fold of each of its streams, every one of which could be read. */
export interface LogState {
  /** In the order of their creation. */
  readonly networks: readonly NetworkRecord[];
  readonly sandboxes: readonly SandboxState[];
  readonly agents: readonly AgentRecord[];
  readonly localNodes: readonly LocalNodeRecord[];
}

/**
 * Raise it with every change of what the fold of a stream makes, as that of a network's checkpoint. States of another
 * form, or of another release, are not read.
 */
const LOG_FORM = 1;

/** What a text must have been printed by to be read. */
export const LOG_STATE_FORM = `${RELEASE} ${LOG_FORM} ${FORM}`;

/** The times of a record as text, its sets and maps as lists. */
type KeptNetwork = Pick<NetworkRecord, 'createdAt' | 'participants' | 'streamVersion' | 'cutOff'> & {
  readonly topology: KeptTopology;
  readonly members: readonly NetworkRecord['participants'][number][];
  readonly last: Omit<VersionChange, 'recordedAt' | 'hashes'> & { readonly recordedAt: string };
};
type KeptAgent = Omit<AgentRecord, 'voidKeys'> & { readonly voidKeys: readonly (readonly [string, string])[] };
type KeptLocalNode = Omit<LocalNodeRecord, 'endedAt'> & { readonly endedAt: string | null };

/** One record, under the name of its kind. */
interface Line {
  readonly network?: KeptNetwork;
  readonly sandbox?: SandboxState;
  readonly agent?: KeptAgent;
  readonly localNode?: KeptLocalNode;
}

/** One text for each record. */
export function* printLogState({ networks, sandboxes, agents, localNodes }: LogState): Generator<string> {
  for (const record of networks) yield print({ network: keptNetwork(record) });
  for (const sandbox of sandboxes) yield print({ sandbox });
  for (const record of agents) {
    const voidKeys = [...record.voidKeys].map(([key, at]) => [key, at.toISOString()] as const);
    yield print({ agent: { ...record, voidKeys } });
  }
  for (const record of localNodes) {
    yield print({ localNode: { ...record, endedAt: record.endedAt?.toISOString() ?? null } });
  }
}

/** The state that printLogState made these texts of. */
export function readLogState(texts: Iterable<string>): LogState {
  const networks: NetworkRecord[] = [];
  const sandboxes: SandboxState[] = [];
  const agents: AgentRecord[] = [];
  const localNodes: LocalNodeRecord[] = [];
  for (const text of texts) {
    const { network, sandbox, agent, localNode }: Line = JSON.parse(text);
    if (network !== undefined) networks.push(networkOf(network));
    if (sandbox !== undefined) sandboxes.push(sandbox);
    if (agent !== undefined) {
      agents.push({ ...agent, voidKeys: new Map(agent.voidKeys.map(([key, at]) => [key, new Date(at)])) });
    }
    if (localNode !== undefined) {
      localNodes.push({ ...localNode, endedAt: localNode.endedAt === null ? null : new Date(localNode.endedAt) });
    }
  }
  return { networks, sandboxes, agents, localNodes };
}

/** What it costs to keep and to read it. */
export function elementsOfLog({ networks, sandboxes, agents, localNodes }: LogState): number {
  const inNetworks = networks.reduce((sum, { topology }) => sum + 1 + elementsOf(topology), 0);
  return inNetworks + sandboxes.length + agents.length + localNodes.length;
}

function print(line: Line): string {
  return JSON.stringify(line);
}

function keptNetwork({ topology, members, last, ...record }: NetworkRecord): KeptNetwork {
  const { createdAt, participants, streamVersion, cutOff } = record;
  const { hashes: _, ...change } = last;
  return {
    ...{ createdAt, participants, streamVersion, cutOff },
    topology: keptTopology(topology),
    members: [...members],
    last: { ...change, recordedAt: last.recordedAt.toISOString() },
  };
}

function networkOf({ topology, members, last, ...record }: KeptNetwork): NetworkRecord {
  return {
    ...record,
    topology: topologyOf(topology),
    members: new Set(members),
    last: { ...last, recordedAt: new Date(last.recordedAt), hashes: null },
    ...{ digest: null, unreadable: null, endedBy: null },
  };
}
