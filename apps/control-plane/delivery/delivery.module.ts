import { Module } from '@nestjs/common';
import { AppliedModule } from '../applied/applied.module.js';
import { IdentityModule } from '../identity/identity.module.js';
import { PresenceModule } from '../presence/presence.module.js';
import { AgentMembers } from './agent-members.js';
import { LocalNodeMembers } from './local-node-members.js';
import { MemberListener } from './member-listener.js';
import { PeerDirectory } from './peer-directory.js';
import { Publication } from './publication.js';
import { Questions } from './questions.js';
import { Receivers } from './receivers.js';
import { TopologyPublisher } from './topology-publisher.js';

const PROVIDED = [
  Publication,
  Receivers,
  PeerDirectory,
  TopologyPublisher,
  AgentMembers,
  LocalNodeMembers,
  MemberListener,
  Questions,
];

/** All messages on the bus: versions out, acknowledgements in, questions and answers. */
@Module({ imports: [IdentityModule, PresenceModule, AppliedModule], providers: PROVIDED, exports: PROVIDED })
export class DeliveryModule {}
