import type { AgentId } from '#libs/contracts/ids.js';
import { printRule } from '#libs/contracts/rules.js';
import { MIN_STALENESS_SECONDS } from '#libs/contracts/values.js';
import { egressRulesOf } from './egress-rules-of.js';
import type { AttachedSandbox, EgressRule, Snapshot, Topology } from './model.js';
import { compareText, sortedBy } from './order.js';
import { digestOfTopology, EMPTY_DIGEST, type SnapshotHead, type SnapshotTree } from './snapshot-digest.js';
import { aliasElement, sandboxElement } from './snapshot-elements.js';

/**
 * Every agent that holds an attached sandbox, or is an exit of a rule, in order; nobody takes part in a deleted or
 * quarantined network.
 */
export function participants(topology: Topology): readonly AgentId[] {
  const taking = participantSet(topology);
  const known = inOrder.get(taking);
  if (known !== undefined) return known;
  const list = [...taking].sort(compareText);
  inOrder.set(taking, list);
  return list;
}

/** Versions with the same participants get the same list. */
const inOrder = new WeakMap<ReadonlySet<AgentId>, readonly AgentId[]>();

const NOBODY: ReadonlySet<AgentId> = new Set();

function participantSet({ deleted, quarantinedSince, sandboxes, egressRules }: Topology): ReadonlySet<AgentId> {
  if (deleted || quarantinedSince !== null) return NOBODY;
  const [holding, leaving] = [holders(sandboxes), exits(egressRules)];
  return leaving.size === 0 ? holding : new Set([...holding, ...leaving]);
}

/** Found out once for a map, which most versions share with the one before. */
const holders = agentsNamedIn((sandbox: AttachedSandbox) => sandbox.agentId);
const exits = agentsNamedIn((rule: EgressRule) => rule.via);

function agentsNamedIn<Element>(namedBy: (element: Element) => AgentId | null) {
  const found = new WeakMap<ReadonlyMap<string, Element>, ReadonlySet<AgentId>>();
  return (elements: ReadonlyMap<string, Element>): ReadonlySet<AgentId> => {
    const known = found.get(elements);
    if (known !== undefined) return known;
    const agents = new Set<AgentId>();
    for (const element of elements.values()) {
      const agentId = namedBy(element);
      if (agentId !== null) agents.add(agentId);
    }
    found.set(elements, agents);
    return agents;
  };
}

/**
 * What one agent needs of one network at this version. The target evaluates sources of other hosts, so whoever takes
 * part gets every attached sandbox, alias and rule, and the egress rules that concern it; who does not take part
 * gets a snapshot that tells it to let go. Equal topologies give equal snapshots, in whatever order their maps were
 * filled.
 */
export function compile(topology: Topology, agentId: AgentId): Snapshot {
  if (!participantSet(topology).has(agentId)) return emptySnapshot(topology);
  const full = fullSnapshot(topology);
  const egress = egressRulesOf(topology, agentId);
  return egress.length === 0 ? full : withEgress(full, egress);
}

/** Agents whose sandboxes have the same egress rules get the same value. */
const withRules = new WeakMap<Snapshot, Map<string, Snapshot>>();

function withEgress(full: Snapshot, egress: NonNullable<Snapshot['egress']>): Snapshot {
  const key = egress.map(({ id }) => id).join(' ');
  const ofFull = withRules.get(full) ?? new Map<string, Snapshot>();
  const snapshot = ofFull.get(key) ?? { ...full, egress };
  withRules.set(full, ofFull.set(key, snapshot));
  return snapshot;
}

/** All who take part get the same value. */
const compiled = new WeakMap<Topology, Snapshot>();

function fullSnapshot(topology: Topology): Snapshot {
  const known = compiled.get(topology);
  if (known !== undefined) return known;
  const snapshot: Snapshot = {
    ...emptySnapshot(topology),
    participates: true,
    sandboxes: sortedBy(topology.sandboxes.values(), ({ sandboxId }) => sandboxId).map(sandboxElement),
    aliases: sortedBy(topology.aliases.values(), ({ alias }) => alias).map(aliasElement),
    rules: sortedBy(topology.rules.values(), ({ id }) => id).map(printRule),
  };
  compiled.set(topology, snapshot);
  return snapshot;
}

function emptySnapshot(topology: Topology): Snapshot {
  return { ...snapshotHead(topology, false), sandboxes: [], aliases: [], rules: [] };
}

/** As `treeOf(compile(topology, agentId))`, at the cost of what changed since the topology before. */
export function compileTree(topology: Topology, agentId: AgentId): SnapshotTree {
  const takesPart = participantSet(topology).has(agentId);
  const egress = takesPart ? egressRulesOf(topology, agentId) : NO_EGRESS;
  const ofTopology = treesOf.get(topology) ?? new Map<string, SnapshotTree>();
  const key = `${takesPart} ${egress.map(({ id }) => id).join(' ')}`;
  const tree = ofTopology.get(key) ?? {
    head: snapshotHead(topology, takesPart),
    digest: takesPart ? digestOfTopology(topology) : EMPTY_DIGEST,
    egress,
  };
  treesOf.set(topology, ofTopology.set(key, tree));
  return tree;
}

const NO_EGRESS: NonNullable<Snapshot['egress']> = [];
/** Agents that are to hold the same get the same value. */
const treesOf = new WeakMap<Topology, Map<string, SnapshotTree>>();

/** What a snapshot says of the network itself is made of this. */
export type TopologyHead = Pick<
  Topology,
  'networkId' | 'name' | 'version' | 'maxStalenessSeconds' | 'quarantinedSince'
>;

/**
 * What a snapshot says of the network itself, for an agent that takes part or one that is to let go. A quarantine is
 * also written by a release that cannot read the whole stream: what it says must not depend on more than the name.
 */
export function snapshotHead(head: TopologyHead, participates: boolean): SnapshotHead {
  const { networkId, name, version, quarantinedSince } = head;
  const maxStalenessSeconds = quarantinedSince === null ? head.maxStalenessSeconds : MIN_STALENESS_SECONDS;
  return { format: 1, networkId, name, version, maxStalenessSeconds, participates };
}
