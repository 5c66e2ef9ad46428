import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Counter } from 'prom-client';
import type { Bus } from '#libs/bus/bus.js';
import type { TopologySigner } from '#libs/bus/signing.js';
import { agentSubject } from '#libs/contracts/bus/subjects.js';
import type { AgentId, NetworkId } from '#libs/contracts/ids.js';
import { compile } from '#libs/policy/compile.js';
import type { Topology } from '#libs/policy/model.js';
import { DoubtedClaims } from '../applied/doubted-claims.js';
import { Regressions } from '../applied/regressions.js';
import { Metrics } from '../foundation/metrics.js';
import { BUS, LOGGER, TOPOLOGY_SIGNER } from '../foundation/provided.js';
import { AgentContacts } from '../presence/agent-contacts.js';
import { Directory, type DirectoryChange } from '../record/directory.js';
import { DirectoryFeed } from '../record/directory-feed.js';
import { StoreEpoch } from '../record/store-epoch.js';
import { unknownNetwork } from '../record/unknown-network.js';
import { deliverSnapshot } from './deliver-snapshot.js';
import { DeliveryLane } from './delivery-lane.js';
import { Publication } from './publication.js';

/** Changes that take nothing away wait so long for others of the same instant. */
const COALESCE_MS = 3;

/** Sends each agent the newest topology of each network it takes part in, or took part in until now. */
@Injectable()
export class TopologyPublisher {
  private readonly lanes = new Map<string, DeliveryLane<Topology>>();
  private readonly waiting = new Map<NetworkId, Set<AgentId>>();
  private coalescing: NodeJS.Timeout | null = null;
  private readonly heldBack = new Set<string>();
  private readonly sent: Counter<'outcome'>;

  constructor(
    private readonly directory: Directory,
    private readonly feed: DirectoryFeed,
    private readonly regressions: Regressions,
    private readonly doubted: DoubtedClaims,
    private readonly publication: Publication,
    private readonly contacts: AgentContacts,
    private readonly epoch: StoreEpoch,
    @Inject(BUS) private readonly bus: Bus,
    @Inject(TOPOLOGY_SIGNER) private readonly signer: TopologySigner,
    @Inject(LOGGER) private readonly logger: Logger,
    metrics: Metrics,
  ) {
    this.sent = metrics.counter('gs_topologies_sent_total', 'Topologies delivered to agents', ['outcome']);
  }

  /** Everybody gets what is current, since what was on its way when the process ended is not known. */
  start(): void {
    this.feed.onChange((change) => this.take(change));
    this.epoch.onChange(() => this.offerAll());
    this.offerAll();
  }

  private offerAll(): void {
    for (const { topology, participants } of this.directory.networks()) {
      for (const agentId of participants) this.offer(topology.networkId, agentId);
    }
  }

  /** Nothing goes to this agent for this network until `goOn`: what it holds is being looked up in the log. */
  holdBack(networkId: NetworkId, agentId: AgentId): void {
    this.heldBack.add(`${agentId}/${networkId}`);
  }

  goOn(networkId: NetworkId, agentId: AgentId): void {
    if (this.heldBack.delete(`${agentId}/${networkId}`)) this.offer(networkId, agentId);
  }

  /** Sends the current topology, again if need be. */
  offer(networkId: NetworkId, agentId: AgentId): void {
    const record = this.directory.network(networkId);
    if (record === null || !this.publication.isOpen(record)) return;
    // What it holds has to be compared first: after a restore it may be ahead, and would take a later number on top.
    if (!this.contacts.isHeard(agentId) || this.heldBack.has(`${agentId}/${networkId}`)) return;
    // It would not go back, whatever it is sent.
    if (this.regressions.ofAgent(networkId, agentId) !== null) return;
    if (this.directory.agent(agentId)?.state.status !== 'enrolled') return;
    this.lane(networkId, agentId).offer(record.topology);
  }

  /** The agent was just heard: what it does not hold, and what waits for an answer, goes out now. */
  offerIfIdle(networkId: NetworkId, agentId: AgentId): void {
    const lane = this.lane(networkId, agentId);
    if (!lane.busy) this.offer(networkId, agentId);
  }

  /** Tells an agent to let go of a network that is not in this store: it is of an epoch that has ended. */
  release(networkId: NetworkId, agentId: AgentId): void {
    if (this.directory.agent(agentId)?.state.status !== 'enrolled') return;
    const lane = this.lane(networkId, agentId);
    if (!lane.busy) lane.offer(unknownNetwork(networkId));
  }

  /** Deliveries to this agent begin again at once, because it can be reached again. */
  hasten(agentId: AgentId): void {
    for (const [key, lane] of this.lanes) if (key.startsWith(`${agentId}/`)) lane.hasten();
  }

  async close(): Promise<void> {
    if (this.coalescing !== null) clearTimeout(this.coalescing);
    await Promise.all([...this.lanes.values()].map((lane) => lane.close()));
  }

  private take(change: DirectoryChange): void {
    for (const [networkId, { concerned, urgent }] of change.networks) {
      const waiting = this.waiting.get(networkId);
      const agents = new Set([...(waiting ?? []), ...concerned]);
      if (urgent) {
        this.waiting.delete(networkId);
        for (const agentId of agents) this.offer(networkId, agentId);
      } else {
        this.waiting.set(networkId, agents);
        this.coalescing ??= setTimeout(() => this.flush(), COALESCE_MS);
      }
    }
    for (const agentId of change.agents) {
      if (this.directory.agent(agentId)?.state.status !== 'revoked') continue;
      this.letGo(agentId);
      this.doubted.forget(agentId);
      this.regressions
        .forget(agentId)
        .then((freed) => {
          for (const networkId of freed) this.offerToAll(networkId);
        })
        .catch((error: unknown) =>
          this.logger.warn({ err: error, agentId }, 'EPOCH_REGRESSED of a revoked agent kept'),
        );
    }
  }

  private flush(): void {
    this.coalescing = null;
    const waiting = [...this.waiting];
    this.waiting.clear();
    for (const [networkId, agents] of waiting) for (const agentId of agents) this.offer(networkId, agentId);
  }

  private offerToAll(networkId: NetworkId): void {
    for (const agentId of this.directory.network(networkId)?.participants ?? []) this.offer(networkId, agentId);
  }

  private letGo(agentId: AgentId): void {
    for (const [key, lane] of this.lanes) {
      if (!key.startsWith(`${agentId}/`)) continue;
      this.lanes.delete(key);
      void lane.close();
    }
  }

  private lane(networkId: NetworkId, agentId: AgentId): DeliveryLane<Topology> {
    const key = `${agentId}/${networkId}`;
    const known = this.lanes.get(key);
    if (known !== undefined) return known;
    const lane = new DeliveryLane<Topology>({
      send: (topology, signal) => this.send(topology, agentId, signal),
      onError: (error, topology) => {
        this.sent.inc({ outcome: 'refused' });
        this.logger.warn(
          { err: error, agentId, networkId, version: topology.version },
          `agent ${agentId} refused topology version ${topology.version}`,
        );
      },
      now: () => performance.now(),
    });
    this.lanes.set(key, lane);
    return lane;
  }

  private async send(topology: Topology, agentId: AgentId, signal: AbortSignal): Promise<void> {
    const outcome = await deliverSnapshot(
      {
        snapshot: compile(topology, agentId),
        epoch: this.epoch.current,
        signer: this.signer,
        recipient: agentId,
        bus: this.bus,
        subject: agentSubject(agentId, 'topology'),
        protocol: this.contacts.protocolOf(agentId),
      },
      signal,
    );
    this.sent.inc({ outcome });
  }
}
