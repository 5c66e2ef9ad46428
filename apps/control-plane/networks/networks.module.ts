import { Module } from '@nestjs/common';
import { TopologyModule } from '../topology/topology.module.js';
import { PublishAliasHandler, RemoveAliasHandler } from './alias.handlers.js';
import { AttachSandboxHandler, DetachSandboxHandler, ReattachSandboxHandler } from './attachment.handlers.js';
import { CreateNetworkHandler, DeleteNetworkHandler } from './lifetime.handlers.js';
import { NetworkWrites } from './network-writes.js';
import {
  ListAliasesHandler,
  ListAttachmentsHandler,
  ListNetworksHandler,
  ListRulesHandler,
  ShowNetworkHandler,
} from './query.handlers.js';
import { AddRuleHandler, RemoveRuleHandler } from './rule.handlers.js';

@Module({
  imports: [TopologyModule],
  providers: [
    NetworkWrites,
    CreateNetworkHandler,
    DeleteNetworkHandler,
    AttachSandboxHandler,
    DetachSandboxHandler,
    ReattachSandboxHandler,
    PublishAliasHandler,
    RemoveAliasHandler,
    AddRuleHandler,
    RemoveRuleHandler,
    ListNetworksHandler,
    ShowNetworkHandler,
    ListAttachmentsHandler,
    ListAliasesHandler,
    ListRulesHandler,
  ],
})
export class NetworksModule {}
