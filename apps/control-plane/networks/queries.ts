import { Query } from '@nestjs/cqrs';
import type { AliasPageDto, ListAliasesQuery } from '#libs/contracts/http/aliases.js';
import type { AttachmentPageDto, ListAttachmentsQuery } from '#libs/contracts/http/attachments.js';
import type { ChangesDto, ListChangesQuery } from '#libs/contracts/http/changes.js';
import type { ApplyDeclarationDto, DeclarationDto, DeclarationPreviewDto } from '#libs/contracts/http/declarations.js';
import type { DeniedNamesDto, ListDeniedNamesQuery } from '#libs/contracts/http/denied-names.js';
import type { EgressRulePageDto, ListEgressRulesQuery } from '#libs/contracts/http/egress.js';
import type { NetworkFlowsDto } from '#libs/contracts/http/flows.js';
import type { ListNetworksQuery, NetworkDto, NetworkPageDto } from '#libs/contracts/http/networks.js';
import type { ListPolicyTestsQuery, PolicyTestPageDto } from '#libs/contracts/http/policy-tests.js';
import type { ReachabilityDto } from '#libs/contracts/http/policy-views.js';
import type { PreviewDto, PreviewRequestDto } from '#libs/contracts/http/previews.js';
import type { ListRulesQuery, RulePageDto } from '#libs/contracts/http/rules.js';
import type { NetworkName } from '#libs/contracts/ids.js';

export class ListNetworks extends Query<NetworkPageDto> {
  constructor(readonly filter: ListNetworksQuery) {
    super();
  }
}

export class ShowNetwork extends Query<NetworkDto> {
  constructor(readonly network: NetworkName) {
    super();
  }
}

export class ListAttachments extends Query<AttachmentPageDto> {
  constructor(
    readonly network: NetworkName,
    readonly filter: ListAttachmentsQuery,
  ) {
    super();
  }
}

export class ListAliases extends Query<AliasPageDto> {
  constructor(
    readonly network: NetworkName,
    readonly filter: ListAliasesQuery,
  ) {
    super();
  }
}

export class ListRules extends Query<RulePageDto> {
  constructor(
    readonly network: NetworkName,
    readonly filter: ListRulesQuery,
  ) {
    super();
  }
}

export class ListEgressRules extends Query<EgressRulePageDto> {
  constructor(
    readonly network: NetworkName,
    readonly filter: ListEgressRulesQuery,
  ) {
    super();
  }
}

export class ListDeniedNames extends Query<DeniedNamesDto> {
  constructor(
    readonly network: NetworkName,
    readonly filter: ListDeniedNamesQuery,
  ) {
    super();
  }
}

export class ListChanges extends Query<ChangesDto> {
  constructor(
    readonly network: NetworkName,
    readonly filter: ListChangesQuery,
  ) {
    super();
  }
}

export class ShowReachability extends Query<ReachabilityDto> {
  constructor(readonly network: NetworkName) {
    super();
  }
}

export class ListFlows extends Query<NetworkFlowsDto> {
  constructor(readonly network: NetworkName) {
    super();
  }
}

/** Decides a write without making it. */
export class PreviewWrite extends Query<PreviewDto> {
  constructor(
    readonly network: NetworkName,
    readonly body: PreviewRequestDto,
    readonly overridesTests: boolean,
  ) {
    super();
  }
}

export class ShowDeclaration extends Query<DeclarationDto> {
  constructor(readonly network: NetworkName) {
    super();
  }
}

/** As PreviewWrite, of all that a network is to hold. */
export class PreviewDeclaration extends Query<DeclarationPreviewDto> {
  constructor(
    readonly network: NetworkName,
    readonly body: ApplyDeclarationDto,
    readonly overridesTests: boolean,
  ) {
    super();
  }
}

export class ListPolicyTests extends Query<PolicyTestPageDto> {
  constructor(
    readonly network: NetworkName,
    readonly filter: ListPolicyTestsQuery,
  ) {
    super();
  }
}
