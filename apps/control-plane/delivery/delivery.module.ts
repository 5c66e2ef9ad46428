import { Module } from '@nestjs/common';
import { AppliedModule } from '../applied/applied.module.js';
import { PresenceModule } from '../presence/presence.module.js';
import { AgentListener } from './agent-listener.js';
import { LocalNodeListener } from './local-node-listener.js';
import { LocalNodePublisher } from './local-node-publisher.js';
import { PeerDirectory } from './peer-directory.js';
import { Publication } from './publication.js';
import { Questions } from './questions.js';
import { TopologyPublisher } from './topology-publisher.js';

const PROVIDED = [
  Publication,
  PeerDirectory,
  TopologyPublisher,
  AgentListener,
  LocalNodePublisher,
  LocalNodeListener,
  Questions,
];

/** Everything said over the bus: versions out, acknowledgements in, questions and answers. */
@Module({ imports: [PresenceModule, AppliedModule], providers: PROVIDED, exports: PROVIDED })
export class DeliveryModule {}
