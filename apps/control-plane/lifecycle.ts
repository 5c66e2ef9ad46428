import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Bus } from '#libs/bus/bus.js';
import type { EventStore } from '#libs/event-store/event-store.js';
import { AgentStates } from './applied/agent-states.js';
import { AppliedLog } from './applied/applied-log.js';
import { Regressions } from './applied/regressions.js';
import { OpenAnswerCheck } from './auth/open-answer-check.js';
import { MemberListener } from './delivery/member-listener.js';
import { PeerDirectory } from './delivery/peer-directory.js';
import { TopologyPublisher } from './delivery/topology-publisher.js';
import { UnknownNetworks } from './epochs/unknown-networks.js';
import { EventStreams } from './events/event-streams.js';
import { BusFaults } from './foundation/bus-faults.js';
import { MemberIntake } from './foundation/member-intake.js';
import { BUS, EVENT_STORE } from './foundation/provided.js';
import { StoreRoom } from './foundation/store-room.js';
import { Revocations } from './identity/revocations.js';
import { Suspensions } from './identity/suspensions.js';
import { LocalNodeExpiry } from './local-nodes/local-node-expiry.js';
import { MeshKeyUpkeep } from './mesh/mesh-key-upkeep.js';
import { RuleExpiry } from './networks/rule-expiry.js';
import { LogStateUpkeep } from './placement/log-state-upkeep.js';
import { PlacementProcess } from './placement/placement-process.js';
import { AgentContacts } from './presence/agent-contacts.js';
import { Inventories } from './presence/inventories.js';
import { WaitingClaims } from './presence/waiting-claims.js';
import { CheckpointUpkeep } from './record/checkpoint-upkeep.js';
import { DirectoryFeed } from './record/directory-feed.js';
import { LogStates } from './record/log-states.js';
import { SeenHead } from './record/seen-head.js';
import { StoreEpoch } from './record/store-epoch.js';

/** The one place that says in which order the control plane comes up and goes down. */
@Injectable()
export class Lifecycle implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(
    private readonly room: StoreRoom,
    private readonly database: DataSource,
    private readonly contacts: AgentContacts,
    private readonly inventories: Inventories,
    private readonly claims: WaitingClaims,
    private readonly feed: DirectoryFeed,
    private readonly revocations: Revocations,
    private readonly suspensions: Suspensions,
    private readonly publisher: TopologyPublisher,
    private readonly peers: PeerDirectory,
    private readonly listener: MemberListener,
    private readonly localExpiry: LocalNodeExpiry,
    private readonly ruleExpiry: RuleExpiry,
    private readonly meshKeys: MeshKeyUpkeep,
    private readonly placement: PlacementProcess,
    private readonly logStates: LogStates,
    private readonly logStateUpkeep: LogStateUpkeep,
    private readonly applied: AppliedLog,
    private readonly states: AgentStates,
    private readonly epoch: StoreEpoch,
    private readonly regressions: Regressions,
    private readonly unknownNetworks: UnknownNetworks,
    private readonly seenHead: SeenHead,
    private readonly checkpoints: CheckpointUpkeep,
    private readonly intake: MemberIntake,
    private readonly faults: BusFaults,
    private readonly events: EventStreams,
    private readonly answerCheck: OpenAnswerCheck,
    @Inject(BUS) private readonly bus: Bus,
    @Inject(EVENT_STORE) private readonly store: EventStore,
  ) {}

  /** What is known first, then what speaks of it; HTTP listens after this. */
  async onApplicationBootstrap(): Promise<void> {
    this.room.start((statement) => this.database.query(statement));
    await this.contacts.start();
    await this.inventories.start();
    await this.feed.start(await this.logStates.last());
    this.claims.start();
    await this.seenHead.start();
    this.unknownNetworks.start();
    await this.regressions.start();
    await this.states.start();
    this.suspensions.start();
    this.revocations.start();
    this.meshKeys.start();
    // Peers are told of before the topology that needs them.
    this.peers.start();
    this.publisher.start();
    this.listener.start();
    this.localExpiry.start();
    this.ruleExpiry.start();
    this.answerCheck.start();
    this.events.start();
    // Last, since everybody above follows a new epoch.
    this.epoch.start();
    await this.placement.start();
    this.logStateUpkeep.start();
    this.checkpoints.start();
  }

  /** HTTP has closed before: first nothing comes in, then nothing goes out, then connections end. */
  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.listener.close(), this.localExpiry.close(), this.ruleExpiry.close()]);
    this.answerCheck.close();
    this.events.close();
    await this.checkpoints.close();
    await this.claims.close();
    this.epoch.close();
    this.regressions.close();
    this.seenHead.close();
    await this.placement.close();
    await this.logStateUpkeep.close();
    await Promise.all([this.publisher.close(), this.peers.close(), this.revocations.close(), this.meshKeys.close()]);
    await this.bus.close();
    this.room.close();
    this.intake.close();
    this.faults.close();
    await this.applied.close();
    await this.feed.close();
    await this.store.close();
  }
}
