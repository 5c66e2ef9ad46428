import { Module } from '@nestjs/common';
import { AppliedModule } from '../applied/applied.module.js';
import { PresenceModule } from '../presence/presence.module.js';
import { StatusModule } from '../status/status.module.js';
import { EventStreams } from './event-streams.js';
import { LogMessages } from './log-messages.js';
import { MemberStates } from './member-states.js';
import { NetworkStates } from './network-states.js';
import { OpenEventsHandler } from './open-events.handler.js';
import { PresentStates } from './present-states.js';

/** The stream of events that live views are made from. */
@Module({
  imports: [PresenceModule, AppliedModule, StatusModule],
  providers: [LogMessages, NetworkStates, MemberStates, PresentStates, EventStreams, OpenEventsHandler],
  exports: [EventStreams],
})
export class EventsModule {}
