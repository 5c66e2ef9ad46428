import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Bus } from '#libs/bus/bus.js';
import type { EventStore } from '#libs/event-store/event-store.js';
import { AgentContacts } from './agents/agent-contacts.js';
import { AgentListener } from './agents/agent-listener.js';
import { PeerDirectory } from './agents/peer-directory.js';
import { Revocations } from './agents/revocations.js';
import { UnknownNetworks } from './epochs/unknown-networks.js';
import { LocalNodeExpiry } from './local-nodes/local-node-expiry.js';
import { LocalNodeListener } from './local-nodes/local-node-listener.js';
import { LocalNodePublisher } from './local-nodes/local-node-publisher.js';
import { MeshKeyUpkeep } from './mesh/mesh-key-upkeep.js';
import { BUS, EVENT_STORE } from './provided.js';
import { Inventories } from './sandboxes/inventories.js';
import { AgentStates } from './topology/agent-states.js';
import { AppliedLog } from './topology/applied-log.js';
import { DirectoryFeed } from './topology/directory-feed.js';
import { PlacementProcess } from './topology/placement-process.js';
import { Regressions } from './topology/regressions.js';
import { SeenHead } from './topology/seen-head.js';
import { StoreEpoch } from './topology/store-epoch.js';
import { TopologyPublisher } from './topology/topology-publisher.js';

/** The one place that says in which order the control plane comes up and goes down. */
@Injectable()
export class Lifecycle implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(
    private readonly contacts: AgentContacts,
    private readonly inventories: Inventories,
    private readonly feed: DirectoryFeed,
    private readonly revocations: Revocations,
    private readonly publisher: TopologyPublisher,
    private readonly peers: PeerDirectory,
    private readonly listener: AgentListener,
    private readonly localPublisher: LocalNodePublisher,
    private readonly localListener: LocalNodeListener,
    private readonly localExpiry: LocalNodeExpiry,
    private readonly meshKeys: MeshKeyUpkeep,
    private readonly placement: PlacementProcess,
    private readonly applied: AppliedLog,
    private readonly states: AgentStates,
    private readonly epoch: StoreEpoch,
    private readonly regressions: Regressions,
    private readonly unknownNetworks: UnknownNetworks,
    private readonly seenHead: SeenHead,
    @Inject(BUS) private readonly bus: Bus,
    @Inject(EVENT_STORE) private readonly store: EventStore,
  ) {}

  /** What is known first, then what speaks of it; HTTP listens after this. */
  async onApplicationBootstrap(): Promise<void> {
    await this.contacts.start();
    await this.inventories.start();
    await this.feed.start();
    this.seenHead.start();
    this.unknownNetworks.start();
    await this.regressions.start();
    await this.states.start();
    this.revocations.start();
    this.meshKeys.start();
    // Peers are told of before the topology that needs them.
    this.peers.start();
    this.publisher.start();
    this.listener.start();
    this.localPublisher.start();
    this.localListener.start();
    this.localExpiry.start();
    // Last, since everybody above follows a new epoch.
    this.epoch.start();
    await this.placement.start();
  }

  /** HTTP has closed before: first nothing comes in, then nothing goes out, then connections end. */
  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.listener.close(), this.localListener.close(), this.localExpiry.close()]);
    this.epoch.close();
    this.regressions.close();
    this.seenHead.close();
    await this.placement.close();
    await Promise.all([
      this.publisher.close(),
      this.localPublisher.close(),
      this.peers.close(),
      this.revocations.close(),
      this.meshKeys.close(),
    ]);
    await this.bus.close();
    await this.applied.close();
    await this.feed.close();
    await this.store.close();
  }
}
