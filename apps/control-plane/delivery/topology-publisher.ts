import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Counter } from 'prom-client';
import type { Bus } from '#libs/bus/bus.js';
import type { TopologySigner } from '#libs/bus/signing.js';
import type { NetworkId } from '#libs/contracts/ids.js';
import type { Topology } from '#libs/policy/model.js';
import { DoubtedClaims } from '../applied/doubted-claims.js';
import { Regressions } from '../applied/regressions.js';
import { Metrics } from '../foundation/metrics.js';
import { BUS, LOGGER, TOPOLOGY_SIGNER } from '../foundation/provided.js';
import { Directory, type DirectoryChange } from '../record/directory.js';
import { DirectoryFeed } from '../record/directory-feed.js';
import { agentsConcerned } from '../record/network-record.js';
import { StoreEpoch } from '../record/store-epoch.js';
import { unknownNetwork } from '../record/unknown-network.js';
import { type DeliveryOutcome, deliverTopology } from './deliver-topology.js';
import { DeliveryLane } from './delivery-lane.js';
import { HeldTrees } from './held-trees.js';
import { PeerDirectory } from './peer-directory.js';
import { Publication } from './publication.js';
import {
  type AgentReceiver,
  agentReceiver,
  compileFor,
  compileTreeFor,
  localNodeReceiver,
  nameOf,
  type Receiver,
  recipientOf,
  subjectOf,
} from './receiver.js';
import { Receivers } from './receivers.js';
import { SlicedOffers } from './sliced-offers.js';

/** Changes that take nothing away wait this long, so that concurrent ones are combined. */
const COALESCE_MS = 3;

/** Networks that one agent is told at a time to stop serving. */
const MOST_RELEASES = 64;

type Lane = DeliveryLane<Topology>;

/** Sends each member the newest topology of each network in which it takes part, or did until now. */
@Injectable()
export class TopologyPublisher {
  /** By recipient, then by network. */
  private readonly lanes = new Map<string, Map<NetworkId, Lane>>();
  /** By recipient: networks that are not in this store, and that it is being told to stop serving. */
  private readonly releases = new Map<string, Set<NetworkId>>();
  private readonly waiting = new Map<NetworkId, Map<string, Receiver>>();
  private readonly offers = new SlicedOffers((networkId, receiver) => this.offer(networkId, receiver));
  private coalescing: NodeJS.Timeout | null = null;
  /** By recipient. */
  private readonly heldBack = new Map<string, Set<NetworkId>>();
  private readonly heldTrees = new HeldTrees();
  private readonly sent: Counter<'outcome'>;

  constructor(
    private readonly directory: Directory,
    private readonly feed: DirectoryFeed,
    private readonly regressions: Regressions,
    private readonly doubted: DoubtedClaims,
    private readonly publication: Publication,
    private readonly receivers: Receivers,
    private readonly peers: PeerDirectory,
    private readonly epoch: StoreEpoch,
    @Inject(BUS) private readonly bus: Bus,
    @Inject(TOPOLOGY_SIGNER) private readonly signer: TopologySigner,
    @Inject(LOGGER) private readonly logger: Logger,
    metrics: Metrics,
  ) {
    this.sent = metrics.counter('gs_topologies_sent_total', 'Snapshots sent to agents and local nodes, by outcome', [
      'outcome',
    ]);
  }

  start(): void {
    this.feed.onChange((change) => this.take(change));
    this.epoch.onChange(() => this.offerAll());
  }

  /**
   * Sends this agent nothing for these networks while the versions that it holds are being looked up in the log. Ends
   * for one network with `goOn`, and for all with the next call.
   */
  holdBack(networks: ReadonlySet<NetworkId>, receiver: AgentReceiver): void {
    this.heldBack.set(recipientOf(receiver), new Set(networks));
  }

  goOn(networkId: NetworkId, receiver: AgentReceiver): void {
    if (this.heldBack.get(recipientOf(receiver))?.delete(networkId)) this.offer(networkId, receiver);
  }

  /** Sends the current topology, repeatedly if needed. */
  offer(networkId: NetworkId, receiver: Receiver): void {
    const record = this.directory.network(networkId);
    if (record === null || !this.publication.isOpen(record)) return;
    if (!this.receivers.mayTake(receiver, networkId)) return;
    if (this.heldBack.get(recipientOf(receiver))?.has(networkId)) return;
    this.lane(networkId, receiver).offer(record.topology);
  }

  /** For a member with new contact: sends the current topology unless a delivery is in progress. */
  offerIfIdle(networkId: NetworkId, receiver: Receiver): void {
    if (!this.isBusy(networkId, receiver)) this.offer(networkId, receiver);
  }

  /**
   * The member asks for what it lacks and names the version it has; a delta from another version would be of no use.
   */
  sync(networkId: NetworkId, receiver: Receiver, have: number | null): void {
    const recipient = recipientOf(receiver);
    const known = this.heldTrees.of(recipient, networkId, this.epoch.current);
    if (known?.head.version !== have) this.heldTrees.forget(recipient, networkId);
    this.offer(networkId, receiver);
  }

  /** The agent confirmed by hash that it holds the current topology, so the next change can be a delta. */
  holdsCurrent(networkId: NetworkId, receiver: AgentReceiver): void {
    const recipient = recipientOf(receiver);
    const record = this.directory.network(networkId);
    if (record === null || this.heldTrees.of(recipient, networkId, this.epoch.current) !== null) return;
    const tree = compileTreeFor(receiver, record.topology);
    this.heldTrees.set(recipient, networkId, this.epoch.current, tree);
  }

  /**
   * Tells an agent to stop serving a network of an ended epoch that is not in this store. A limited number at a time:
   * the agent names the others again in its next heartbeat.
   */
  release(networkId: NetworkId, receiver: AgentReceiver): void {
    if (!this.receivers.isMember(receiver) || this.isBusy(networkId, receiver)) return;
    const recipient = recipientOf(receiver);
    const releases = this.releases.get(recipient) ?? new Set<NetworkId>();
    if (releases.size >= MOST_RELEASES) return;
    this.releases.set(recipient, releases.add(networkId));
    this.lane(networkId, receiver).offer(unknownNetwork(networkId));
  }

  /** The member can be reached again: restarts its deliveries at once. */
  hasten(receiver: Receiver): void {
    for (const lane of this.lanes.get(recipientOf(receiver))?.values() ?? []) lane.hasten();
  }

  async close(): Promise<void> {
    if (this.coalescing !== null) clearTimeout(this.coalescing);
    await this.offers.close();
    await Promise.all([...this.lanes.values()].flatMap((lanes) => [...lanes.values()].map((lane) => lane.close())));
  }

  private take({ networks, agents, localNodes }: DirectoryChange): void {
    for (const [networkId, { concerned, urgent }] of networks) {
      const waiting = this.waiting.get(networkId) ?? new Map<string, Receiver>();
      for (const receiver of [...[...concerned].map(agentReceiver), ...this.receivers.localNodesOf(networkId)]) {
        waiting.set(recipientOf(receiver), receiver);
      }
      this.waiting.set(networkId, waiting);
      if (urgent) this.flush(networkId);
      else this.coalescing ??= setTimeout(() => this.flushAll(), COALESCE_MS);
    }
    for (const nodeId of localNodes) {
      const node = this.directory.localNode(nodeId)?.state;
      if (node === undefined) continue;
      const receiver = localNodeReceiver(node);
      if (node.status === 'joined') this.offer(node.networkId, receiver);
      else this.letGo(receiver);
    }
    for (const agentId of agents) {
      if (this.directory.agent(agentId)?.state.status !== 'revoked') continue;
      this.letGo(agentReceiver(agentId));
      this.doubted.forget(agentId);
      this.regressions
        .forget(agentId)
        .then((freed) => {
          for (const networkId of freed) this.offerToAll(networkId);
        })
        .catch((error: unknown) =>
          this.logger.warn(
            { err: error, agentId },
            'EPOCH_REGRESSED of a revoked agent could not be deleted from the database',
          ),
        );
    }
  }

  private flushAll(): void {
    this.coalescing = null;
    for (const networkId of [...this.waiting.keys()]) this.flush(networkId);
  }

  private flush(networkId: NetworkId): void {
    const waiting = this.waiting.get(networkId);
    this.waiting.delete(networkId);
    if (waiting !== undefined) this.offers.add(networkId, waiting);
  }

  private offerAll(): void {
    for (const record of this.directory.networks()) {
      for (const agentId of agentsConcerned(record)) this.offer(record.topology.networkId, agentReceiver(agentId));
    }
    for (const { state } of this.directory.localNodes()) this.offer(state.networkId, localNodeReceiver(state));
  }

  private offerToAll(networkId: NetworkId): void {
    for (const receiver of this.receivers.of(networkId)) this.offer(networkId, receiver);
  }

  private letGo(receiver: Receiver): void {
    const lanes = this.lanes.get(recipientOf(receiver));
    this.lanes.delete(recipientOf(receiver));
    this.releases.delete(recipientOf(receiver));
    this.heldTrees.forgetAll(recipientOf(receiver));
    for (const lane of lanes?.values() ?? []) void lane.close();
  }

  private isBusy(networkId: NetworkId, receiver: Receiver): boolean {
    return this.lanes.get(recipientOf(receiver))?.get(networkId)?.busy ?? false;
  }

  private lane(networkId: NetworkId, receiver: Receiver): Lane {
    const lanes = this.lanes.get(recipientOf(receiver)) ?? new Map<NetworkId, Lane>();
    this.lanes.set(recipientOf(receiver), lanes);
    const known = lanes.get(networkId);
    if (known !== undefined) return known;
    const lane = new DeliveryLane<Topology>({
      send: async (topology, signal) => {
        await this.send(topology, receiver, signal);
        if (this.releases.get(recipientOf(receiver))?.delete(networkId)) lanes.delete(networkId);
      },
      onError: (error, { version }) => {
        if (this.releases.get(recipientOf(receiver))?.delete(networkId)) lanes.delete(networkId);
        this.heldTrees.forget(recipientOf(receiver), networkId);
        this.count(receiver, 'refused');
        const { kind: _, ...id } = receiver;
        this.logger.warn(
          { err: error, ...id, networkId, version },
          `${nameOf(receiver)} refused topology version ${version}`,
        );
      },
      now: () => performance.now(),
    });
    lanes.set(networkId, lane);
    return lane;
  }

  private async send(topology: Topology, receiver: Receiver, signal: AbortSignal): Promise<void> {
    // Peers are sent first: with the topology a local node may open flows at once, and needs the agents' endpoints for
    // that.
    if (receiver.kind === 'local-node') await this.peers.tell(receiver, signal);
    const { signer, bus } = this;
    const epoch = this.epoch.current;
    const recipient = recipientOf(receiver);
    const { networkId } = topology;
    const tree = compileTreeFor(receiver, topology);
    const outcome = await deliverTopology(
      {
        ...{ signer, bus, epoch, recipient, tree },
        snapshot: () => compileFor(receiver, topology),
        base: this.receivers.takesDeltas(receiver) ? this.heldTrees.of(recipient, networkId, epoch) : null,
        subject: subjectOf(receiver, 'topology'),
        protocol: this.receivers.protocolOf(receiver),
      },
      signal,
    );
    if (outcome === 'ignored') this.heldTrees.forget(recipient, networkId);
    else if (receiver.kind === 'agent') this.heldTrees.set(recipient, networkId, epoch, tree);
    this.count(receiver, outcome === 'held' ? 'ignored' : outcome);
  }

  /** Counts deliveries to agents; the metric does not include local nodes. */
  private count({ kind }: Receiver, outcome: Exclude<DeliveryOutcome, 'held'> | 'refused'): void {
    if (kind === 'agent') this.sent.inc({ outcome });
  }
}
