import { Module } from '@nestjs/common';
import { AppliedModule } from '../applied/applied.module.js';
import { DeliveryModule } from '../delivery/delivery.module.js';
import { PresenceModule } from '../presence/presence.module.js';
import { StatusModule } from '../status/status.module.js';
import { PublishAliasHandler, RemoveAliasHandler } from './alias.handlers.js';
import { AttachSandboxHandler, DetachSandboxHandler, ReattachSandboxHandler } from './attachment.handlers.js';
import { ListChangesHandler } from './changes.handler.js';
import { ApplyDeclarationHandler, PreviewDeclarationHandler, ShowDeclarationHandler } from './declaration.handlers.js';
import { DeclaredCommands } from './declared-commands.js';
import {
  AddEgressRuleHandler,
  ListDeniedNamesHandler,
  ListEgressRulesHandler,
  RemoveEgressRuleHandler,
} from './egress.handlers.js';
import { CreateNetworkHandler, DeleteNetworkHandler } from './lifetime.handlers.js';
import { NetworkReverts } from './network-reverts.js';
import { NetworkViews } from './network-views.js';
import { NetworkWrites } from './network-writes.js';
import { AddPolicyTestHandler, ListPolicyTestsHandler, RemovePolicyTestHandler } from './policy-test.handlers.js';
import { PreviewWriteHandler } from './preview.handler.js';
import { PreviewedCommands } from './previewed-commands.js';
import { Previews } from './previews.js';
import { LiftQuarantineHandler, QuarantineNetworkHandler } from './quarantine.handlers.js';
import {
  ListAliasesHandler,
  ListAttachmentsHandler,
  ListNetworksHandler,
  ListRulesHandler,
  ShowNetworkHandler,
} from './query.handlers.js';
import { ListFlowsHandler, ShowReachabilityHandler } from './reachability.handler.js';
import { RevertNetworkHandler } from './revert.handler.js';
import { AddRuleHandler, AddRulesHandler, RemoveRuleHandler } from './rule.handlers.js';
import { RuleExpiry } from './rule-expiry.js';
import { RuleLists } from './rule-lists.js';

@Module({
  imports: [PresenceModule, AppliedModule, DeliveryModule, StatusModule],
  providers: [
    NetworkViews,
    NetworkWrites,
    RuleLists,
    Previews,
    PreviewedCommands,
    DeclaredCommands,
    NetworkReverts,
    RuleExpiry,
    CreateNetworkHandler,
    DeleteNetworkHandler,
    AttachSandboxHandler,
    DetachSandboxHandler,
    ReattachSandboxHandler,
    QuarantineNetworkHandler,
    LiftQuarantineHandler,
    PublishAliasHandler,
    RemoveAliasHandler,
    AddRuleHandler,
    AddRulesHandler,
    RemoveRuleHandler,
    AddEgressRuleHandler,
    RemoveEgressRuleHandler,
    ListEgressRulesHandler,
    ListDeniedNamesHandler,
    ListNetworksHandler,
    ShowNetworkHandler,
    ListAttachmentsHandler,
    ListAliasesHandler,
    ListRulesHandler,
    ListChangesHandler,
    ShowReachabilityHandler,
    ListFlowsHandler,
    PreviewWriteHandler,
    AddPolicyTestHandler,
    RemovePolicyTestHandler,
    ListPolicyTestsHandler,
    ShowDeclarationHandler,
    ApplyDeclarationHandler,
    PreviewDeclarationHandler,
    RevertNetworkHandler,
  ],
  exports: [RuleExpiry],
})
export class NetworksModule {}
