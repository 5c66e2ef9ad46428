import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { PacedWork } from '#libs/async/paced-work.js';
import type { Bus } from '#libs/bus/bus.js';
import { parseReceipt, type Receipt } from '#libs/contracts/bus/receipt.js';
import { PEERS_UNFOUNDED, type Peer, type PeersMessage } from '#libs/contracts/bus/to-member/peers.js';
import type { AgentId, NetworkId } from '#libs/contracts/ids.js';
import { BUS, CLOCK, type Clock, LOGGER } from '../foundation/provided.js';
import { AgentContacts } from '../presence/agent-contacts.js';
import { Directory } from '../record/directory.js';
import { DirectoryFeed } from '../record/directory-feed.js';
import { agentsConcerned } from '../record/network-record.js';
import { DeliveryLane } from './delivery-lane.js';
import { changesOf, isSameList, isSamePeer, type PeerList, peersOf } from './peers.js';
import { agentReceiver, compileFor, type LocalNodeReceiver, nameOf, type Receiver, subjectOf } from './receiver.js';
import { Receivers } from './receivers.js';

/**
 * Agents that no longer share a network stay peers for this long. Meanwhile the new topology arrives, which cuts and
 * counts the flows between them; ending their sessions would count nothing.
 */
const PARTING_MS = 3_000;

/** null: the agent holds the list of this revision, or is being told of it. */
type PeersAnswer = PeerList | { readonly revision: number; readonly peers: null; readonly localNodes: null };

interface Parting {
  readonly agents: ReadonlySet<AgentId>;
  readonly timer: NodeJS.Timeout;
}

/**
 * Tells each member how to reach agents. An agent gets the peers in its networks and their local nodes, at each change
 * and in each answer to a contact; a local node gets the agents where it may reach something, before each topology.
 */
@Injectable()
export class PeerDirectory {
  private readonly lists = new Map<AgentId, PeerList>();
  /** What an agent holds; null: not known. Only of agents that report the revision they hold. */
  private readonly held = new Map<AgentId, PeerList | null>();
  /** As they are named now. */
  private readonly named = new Map<AgentId, Peer>();
  /** Agents whose peers have new endpoints. */
  private readonly moved = new Set<AgentId>();
  private readonly telling = new PacedWork(() => this.tellOfMoved());
  private readonly outdated = new Set<AgentId>();
  private readonly lanes = new Map<AgentId, DeliveryLane<PeerList>>();
  private readonly parting = new Map<NetworkId, Parting>();

  constructor(
    private readonly directory: Directory,
    private readonly feed: DirectoryFeed,
    private readonly contacts: AgentContacts,
    private readonly receivers: Receivers,
    @Inject(BUS) private readonly bus: Bus,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  start(): void {
    this.feed.onChange(({ networks, agents, localNodes }) => {
      const touched = new Set(agents);
      // Peers of an agent learn at once that it was enrolled or revoked, before its sandboxes are released.
      for (const agentId of agents) for (const other of this.sharingWith(agentId)) touched.add(other);
      for (const nodeId of localNodes) {
        const node = this.directory.localNode(nodeId)?.state;
        const network = node === undefined ? null : this.directory.network(node.networkId);
        for (const agentId of network?.participants ?? []) touched.add(agentId);
      }
      for (const [networkId, { concerned, participantsChanged }] of networks) {
        if (!participantsChanged) continue;
        for (const agentId of concerned) touched.add(agentId);
        this.part(networkId, concerned);
      }
      this.refresh(touched);
    });
  }

  /**
   * A member's current peers, for the answer to its hello or heartbeat. An agent that reports the revision it holds
   * gets the list only if it lacks it: a network of a thousand agents has a thousand lists of a thousand peers. If it
   * holds an earlier one, as all do after a restart of this process, it is sent the list in its turn: in an answer that
   * came too late, it would be sent again with each contact.
   */
  answerTo(receiver: Receiver, reported: number | null | undefined): PeersAnswer {
    if (receiver.kind === 'local-node') return this.listOfLocalNode(receiver);
    const { agentId } = receiver;
    const list = this.listOfAgent(agentId);
    if (reported === undefined) {
      this.held.delete(agentId);
      return list;
    }
    const isEarlier = reported !== null && reported < list.revision;
    if (isEarlier && this.lanes.get(agentId)?.busy !== true) {
      if (this.held.get(agentId)?.revision !== reported) this.held.set(agentId, null);
      this.lane(agentId).offer(list);
    }
    const isBeingTold = reported !== null && this.lanes.get(agentId)?.busy === true;
    // If this answer is lost, the next changes start from a list that the agent lacks, and it refuses them.
    if (!isBeingTold) this.held.set(agentId, list);
    if (isBeingTold || reported === list.revision) return { revision: list.revision, peers: null, localNodes: null };
    return list;
  }

  /** Sends a local node its peers. Errors: the signal's reason, those of Bus.requestUntilAnswered. */
  async tell(receiver: LocalNodeReceiver, signal: AbortSignal): Promise<void> {
    await this.send(receiver, this.listOfLocalNode(receiver), signal);
  }

  /** Kept until something they depend on changes. */
  private listOfAgent(agentId: AgentId): PeerList {
    const known = this.lists.get(agentId);
    if (known !== undefined && !this.outdated.delete(agentId)) return known;
    const networks = this.directory.networksOfAgent(agentId);
    // In a quarantine, agents keep their sessions: the topology cuts and counts the flows.
    const parting = [...this.parting.values()].filter(({ agents }) => agents.has(agentId));
    const participants = [...networks.map(agentsConcerned), ...parting.map(({ agents }) => [...agents])];
    const peers = peersOf(agentId, participants, (other) => this.peerOf(other));
    const networkIds = new Set(networks.map(({ topology }) => topology.networkId));
    const localNodes = this.directory.localNodes().flatMap(({ state: { status, nodeId, user, networkId } }) => {
      return status === 'joined' && networkIds.has(networkId) ? [{ nodeId, user, networkId }] : [];
    });
    if (known !== undefined && isSameList(known, { peers, localNodes })) return known;
    // Derived from the clock, so that it also grows across restarts of this process.
    const list = { revision: Math.max(this.clock().getTime(), (known?.revision ?? 0) + 1), peers, localNodes };
    this.lists.set(agentId, list);
    return list;
  }

  /** The agent's own endpoints may have changed: tells the agents that share a network with it. */
  endpointsChanged(agentId: AgentId): void {
    this.moved.add(agentId);
    this.telling.wake();
  }

  private tellOfMoved(): void {
    const touched = new Set<AgentId>();
    for (const agentId of this.moved) for (const other of this.sharingWith(agentId)) touched.add(other);
    this.moved.clear();
    this.refresh(touched);
  }

  private listOfLocalNode(receiver: LocalNodeReceiver): PeerList {
    return { revision: 0, peers: this.peersOfLocalNode(receiver), localNodes: [] };
  }

  /** The agents that have an alias which the node may reach. */
  private peersOfLocalNode(receiver: LocalNodeReceiver): readonly Peer[] {
    const node = this.directory.localNode(receiver.nodeId)?.state;
    const network = node === undefined ? null : this.directory.network(node.networkId);
    if (network === null) return [];
    const agents = compileFor(receiver, network.topology).sandboxes.map(({ agentId }) => agentId);
    return [...new Set(agents)].flatMap((agentId) => (agentId === null ? [] : (this.peerOf(agentId) ?? [])));
  }

  /** The agent as it is named to others; null: it is not enrolled, or was revoked. */
  private peerOf(agentId: AgentId): Peer | null {
    const state = this.directory.agent(agentId)?.state;
    if (state?.status !== 'enrolled') return null;
    const endpoints = this.contacts.of(agentId)?.mesh.endpoints ?? [];
    const peer: Peer = { agentId, endpoints, keyThumbprint: state.meshKeyThumbprint };
    // The same object while nothing about it changes, so that lists are compared without looking into them.
    const named = this.named.get(agentId);
    if (named !== undefined && isSamePeer(named, peer)) return named;
    this.named.set(agentId, peer);
    return peer;
  }

  async close(): Promise<void> {
    for (const { timer } of this.parting.values()) clearTimeout(timer);
    this.telling.close();
    await Promise.all([...this.lanes.values()].map((lane) => lane.close()));
  }

  private part(networkId: NetworkId, concerned: ReadonlySet<AgentId>): void {
    const before = this.parting.get(networkId);
    clearTimeout(before?.timer);
    const agents = new Set([...(before?.agents ?? []), ...concerned]);
    const timer = setTimeout(() => {
      this.parting.delete(networkId);
      this.refresh(agents);
    }, PARTING_MS);
    this.parting.set(networkId, { agents, timer });
  }

  private sharingWith(agentId: AgentId): ReadonlySet<AgentId> {
    const sharing = new Set(this.directory.networksOfAgent(agentId).flatMap(agentsConcerned));
    sharing.delete(agentId);
    return sharing;
  }

  private refresh(agents: ReadonlySet<AgentId>): void {
    for (const agentId of agents) {
      this.outdated.add(agentId);
      const before = this.lists.get(agentId);
      // An agent without any contact so far gets the list in the answer to its first one. Others, also if their contact
      // was before this process started, need it before they acknowledge the topology that is sent now.
      if (this.contacts.of(agentId) === null) continue;
      const list = this.listOfAgent(agentId);
      if (list !== before) this.lane(agentId).offer(list);
    }
  }

  private lane(agentId: AgentId): DeliveryLane<PeerList> {
    const known = this.lanes.get(agentId);
    if (known !== undefined) return known;
    const lane = new DeliveryLane<PeerList>({
      send: (list, signal) => this.bringTo(agentId, list, signal),
      onError: (error) =>
        this.logger.warn({ err: error, agentId }, 'the list of peers could not be delivered to the agent'),
      now: () => performance.now(),
    });
    this.lanes.set(agentId, lane);
    return lane;
  }

  /** By the changes of the list that the agent holds, if that is known; otherwise, or if it is another, as a whole. */
  private async bringTo(agentId: AgentId, list: PeerList, signal: AbortSignal): Promise<void> {
    const receiver = agentReceiver(agentId);
    const held = this.held.get(agentId) ?? null;
    let receipt = await this.send(receiver, held === null ? list : changesOf(held, list), signal);
    if (!receipt.ok && receipt.code === PEERS_UNFOUNDED) receipt = await this.send(receiver, list, signal);
    if (receipt.ok && this.held.has(agentId)) this.held.set(agentId, list);
  }

  private async send(
    receiver: Receiver,
    content: Omit<PeersMessage, 'protocol' | 'kind'>,
    signal: AbortSignal,
  ): Promise<Receipt> {
    const message: PeersMessage = { protocol: this.receivers.protocolOf(receiver), kind: 'peers', ...content };
    const receipt = parseReceipt(await this.bus.requestUntilAnswered(subjectOf(receiver, 'control'), message, signal));
    const { ok, code, message: reason } = receipt;
    if (!ok && code !== PEERS_UNFOUNDED) {
      this.logger.warn({ code, reason }, `${nameOf(receiver)} refused its list of peers`);
    }
    return receipt;
  }
}
