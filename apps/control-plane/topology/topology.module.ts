import { Module } from '@nestjs/common';
import { AgentContacts } from '../agents/agent-contacts.js';
import { LocalNodeContacts } from '../local-nodes/local-node-contacts.js';
import { NetworkViews } from '../networks/network-views.js';
import { Inventories } from '../sandboxes/inventories.js';
import { SandboxConditions } from '../sandboxes/sandbox-conditions.js';
import { Acknowledgements } from './acknowledgements.js';
import { AgentStates } from './agent-states.js';
import { AppliedLog } from './applied-log.js';
import { AwaitAppliedHandler } from './await-applied.handler.js';
import { AwaitHeldHandler } from './await-held.handler.js';
import { DoubtedClaims } from './doubted-claims.js';
import { ExpectedHashes } from './expected-hashes.js';
import { NetworkStatuses } from './network-statuses.js';
import { PlacementProcess } from './placement-process.js';
import { Publication } from './publication.js';
import { Regressions } from './regressions.js';
import { SeenHead } from './seen-head.js';
import { ServerClosing } from './server-closing.js';
import { ShowNetworkStatusHandler } from './status.handlers.js';
import { TopologyPublisher } from './topology-publisher.js';

const SHARED = [
  AgentContacts,
  LocalNodeContacts,
  Inventories,
  SandboxConditions,
  NetworkViews,
  AgentStates,
  Regressions,
  DoubtedClaims,
  ExpectedHashes,
  SeenHead,
  Publication,
  NetworkStatuses,
  AppliedLog,
  Acknowledgements,
  TopologyPublisher,
  PlacementProcess,
];

/** From the log to the agents and back: projection, delivery, acknowledgement, status. */
@Module({
  providers: [...SHARED, ServerClosing, ShowNetworkStatusHandler, AwaitAppliedHandler, AwaitHeldHandler],
  exports: SHARED,
})
export class TopologyModule {}
