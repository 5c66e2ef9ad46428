import { Module } from '@nestjs/common';
import { DeliveryModule } from '../delivery/delivery.module.js';
import { PresenceModule } from '../presence/presence.module.js';
import { StatusModule } from '../status/status.module.js';
import { DecidingRules } from './deciding-rules.js';
import { ResolveAliasHandler } from './resolve.handler.js';
import { TestConnectionHandler } from './test-connection.handler.js';
import { ShowVerdictHandler } from './verdict.handler.js';

@Module({
  imports: [PresenceModule, DeliveryModule, StatusModule],
  providers: [DecidingRules, ResolveAliasHandler, TestConnectionHandler, ShowVerdictHandler],
})
export class DiagnosticsModule {}
