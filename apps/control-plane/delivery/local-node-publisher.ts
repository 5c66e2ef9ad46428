import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Bus } from '#libs/bus/bus.js';
import type { TopologySigner } from '#libs/bus/signing.js';
import { localNodeRecipient, localNodeSubject } from '#libs/contracts/bus/subjects.js';
import type { Peer, PeersMessage } from '#libs/contracts/bus/to-member/peers.js';
import type { LocalNodeId } from '#libs/contracts/ids.js';
import type { LocalNodeState } from '#libs/domain/local-node/state.js';
import { compileForLocalNode } from '#libs/policy/compile-local.js';
import type { Topology } from '#libs/policy/model.js';
import { BUS, LOGGER, TOPOLOGY_SIGNER } from '../foundation/provided.js';
import { LocalNodeContacts } from '../presence/local-node-contacts.js';
import { Directory, type DirectoryChange } from '../record/directory.js';
import { DirectoryFeed } from '../record/directory-feed.js';
import { StoreEpoch } from '../record/store-epoch.js';
import { deliverSnapshot } from './deliver-snapshot.js';
import { DeliveryLane } from './delivery-lane.js';
import { PeerDirectory } from './peer-directory.js';
import { Publication } from './publication.js';

/** Sends each joined local node the newest view of its network. What it acknowledges holds nobody up. */
@Injectable()
export class LocalNodePublisher {
  private readonly lanes = new Map<LocalNodeId, DeliveryLane<Topology>>();

  constructor(
    private readonly directory: Directory,
    private readonly feed: DirectoryFeed,
    private readonly peers: PeerDirectory,
    private readonly publication: Publication,
    private readonly localContacts: LocalNodeContacts,
    private readonly epoch: StoreEpoch,
    @Inject(BUS) private readonly bus: Bus,
    @Inject(TOPOLOGY_SIGNER) private readonly signer: TopologySigner,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  start(): void {
    this.feed.onChange((change) => this.take(change));
    this.epoch.onChange(() => {
      for (const { state } of this.directory.localNodes()) this.offer(state);
    });
  }

  /** Sends the current topology, again if need be. */
  offer(node: LocalNodeState): void {
    const record = this.directory.network(node.networkId);
    if (record === null || !this.publication.isOpen(record)) return;
    if (node.status === 'joined') this.lane(node).offer(record.topology);
  }

  /** The node was just heard: what it does not hold goes out now, unless it is on its way. */
  offerIfIdle(node: LocalNodeState): void {
    if (!this.lane(node).busy) this.offer(node);
  }

  hasten(nodeId: LocalNodeId): void {
    this.lanes.get(nodeId)?.hasten();
  }

  /** How the agents are reached that the node may reach something at, and of no other. */
  peersOf({ networkId, user }: LocalNodeState): readonly Peer[] {
    const topology = this.directory.network(networkId)?.topology;
    if (topology === undefined) return [];
    const agents = compileForLocalNode(topology, user).sandboxes.map(({ agentId }) => agentId);
    return [...new Set(agents)].flatMap((agentId) => (agentId === null ? [] : (this.peers.peerOf(agentId) ?? [])));
  }

  async close(): Promise<void> {
    await Promise.all([...this.lanes.values()].map((lane) => lane.close()));
  }

  private take({ networks, localNodes }: DirectoryChange): void {
    for (const { state } of this.directory.localNodes()) {
      if (state.status !== 'joined') this.letGo(state.nodeId);
      else if (networks.has(state.networkId) || localNodes.has(state.nodeId)) this.offer(state);
    }
  }

  private letGo(nodeId: LocalNodeId): void {
    const lane = this.lanes.get(nodeId);
    this.lanes.delete(nodeId);
    void lane?.close();
  }

  private lane({ nodeId, networkId }: LocalNodeState): DeliveryLane<Topology> {
    const known = this.lanes.get(nodeId);
    if (known !== undefined) return known;
    const lane = new DeliveryLane<Topology>({
      send: (topology, signal) => this.send(topology, nodeId, signal),
      onError: (error, { version }) =>
        this.logger.warn({ err: error, nodeId, networkId, version }, 'topology was not taken by the local node'),
      now: () => performance.now(),
    });
    this.lanes.set(nodeId, lane);
    return lane;
  }

  /** Where agents are goes first: a flow may be asked for as soon as the topology is there. */
  private async send(topology: Topology, nodeId: LocalNodeId, signal: AbortSignal): Promise<void> {
    const node = this.directory.localNode(nodeId)?.state;
    if (node === undefined) return;
    const protocol = this.localContacts.protocolOf(nodeId);
    const control: PeersMessage = {
      protocol,
      kind: 'peers',
      revision: 0,
      peers: this.peersOf(node),
      localNodes: [],
    };
    await this.bus.requestUntilAnswered(localNodeSubject(nodeId, 'control'), control, signal);
    await deliverSnapshot(
      {
        snapshot: compileForLocalNode(topology, node.user),
        epoch: this.epoch.current,
        signer: this.signer,
        recipient: localNodeRecipient(nodeId),
        bus: this.bus,
        subject: localNodeSubject(nodeId, 'topology'),
        protocol,
      },
      signal,
    );
  }
}
