import { Module } from '@nestjs/common';
import { AppliedModule } from '../applied/applied.module.js';
import { DeliveryModule } from '../delivery/delivery.module.js';
import { PresenceModule } from '../presence/presence.module.js';
import { AliasListeners } from './alias-listeners.js';
import { AwaitAppliedHandler } from './await-applied.handler.js';
import { AwaitHeldHandler } from './await-held.handler.js';
import { NetworkDeniedNames } from './denied-names.js';
import { EarlierNetworks } from './earlier-networks.js';
import { NetworkFlows } from './network-flows.js';
import { NetworkPast } from './network-past.js';
import { NetworkStatuses } from './network-statuses.js';
import { RuleAuthors } from './rule-authors.js';
import { SandboxConditions } from './sandbox-conditions.js';
import { SandboxPlacements } from './sandbox-placements.js';
import { StateMetrics } from './state-metrics.js';
import { ShowNetworkStatusHandler } from './status.handlers.js';

/** What is known about networks and agents, and waiting for it. */
@Module({
  imports: [PresenceModule, AppliedModule, DeliveryModule],
  providers: [
    NetworkStatuses,
    AliasListeners,
    NetworkFlows,
    NetworkDeniedNames,
    RuleAuthors,
    NetworkPast,
    EarlierNetworks,
    SandboxConditions,
    SandboxPlacements,
    StateMetrics,
    ShowNetworkStatusHandler,
    AwaitAppliedHandler,
    AwaitHeldHandler,
  ],
  exports: [
    NetworkStatuses,
    AliasListeners,
    NetworkFlows,
    NetworkDeniedNames,
    RuleAuthors,
    NetworkPast,
    SandboxConditions,
    SandboxPlacements,
  ],
})
export class StatusModule {}
