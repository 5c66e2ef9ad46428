import { Command } from '@nestjs/cqrs';
import type { AliasRemovalDto, AliasWriteDto, PublishAliasDto } from '#libs/contracts/http/aliases.js';
import type { AttachDto, AttachmentWriteDto, DetachmentDto } from '#libs/contracts/http/attachments.js';
import type { ApplyDeclarationDto, DeclarationWriteDto } from '#libs/contracts/http/declarations.js';
import type { AddEgressRuleDto, EgressRuleWriteDto } from '#libs/contracts/http/egress.js';
import type { CreateNetworkDto, NetworkCreationDto, NetworkDeletionDto } from '#libs/contracts/http/networks.js';
import type { AddPolicyTestDto, PolicyTestWriteDto } from '#libs/contracts/http/policy-tests.js';
import type { QuarantineDto } from '#libs/contracts/http/quarantine.js';
import type { RevertWriteDto } from '#libs/contracts/http/reverts.js';
import type { AddRuleDto, AddRulesDto, RulesWriteDto, RuleWriteDto } from '#libs/contracts/http/rules.js';
import type { AliasName, NetworkName, PolicyTestId, RuleReference, SandboxId } from '#libs/contracts/ids.js';
import type { WriteContext } from '../http/write-context.js';

export class CreateNetwork extends Command<NetworkCreationDto> {
  constructor(
    readonly body: CreateNetworkDto,
    readonly write: WriteContext,
  ) {
    super();
  }
}

export class DeleteNetwork extends Command<NetworkDeletionDto> {
  constructor(
    readonly network: NetworkName,
    readonly detachAll: boolean,
    readonly write: WriteContext,
  ) {
    super();
  }
}

export class QuarantineNetwork extends Command<QuarantineDto> {
  constructor(
    readonly network: NetworkName,
    readonly reason: string | null,
    readonly write: WriteContext,
  ) {
    super();
  }
}

export class LiftQuarantine extends Command<QuarantineDto> {
  constructor(
    readonly network: NetworkName,
    readonly write: WriteContext,
  ) {
    super();
  }
}

export class AttachSandbox extends Command<AttachmentWriteDto> {
  constructor(
    readonly network: NetworkName,
    readonly body: AttachDto,
    readonly write: WriteContext,
  ) {
    super();
  }
}

export class DetachSandbox extends Command<DetachmentDto> {
  constructor(
    readonly network: NetworkName,
    readonly sandboxId: SandboxId,
    readonly write: WriteContext,
  ) {
    super();
  }
}

/** Writes nothing: the topology goes out again, and the state of the sandbox's DNS path comes back. */
export class ReattachSandbox extends Command<AttachmentWriteDto> {
  constructor(
    readonly network: NetworkName,
    readonly sandboxId: SandboxId,
  ) {
    super();
  }
}

export class PublishAlias extends Command<AliasWriteDto> {
  constructor(
    readonly network: NetworkName,
    readonly body: PublishAliasDto,
    readonly write: WriteContext,
  ) {
    super();
  }
}

export class RemoveAlias extends Command<AliasRemovalDto> {
  constructor(
    readonly network: NetworkName,
    readonly alias: AliasName,
    readonly write: WriteContext,
  ) {
    super();
  }
}

export class AddRule extends Command<RuleWriteDto> {
  constructor(
    readonly network: NetworkName,
    readonly body: AddRuleDto,
    readonly write: WriteContext,
  ) {
    super();
  }
}

export class AddRules extends Command<RulesWriteDto> {
  constructor(
    readonly network: NetworkName,
    readonly body: AddRulesDto,
    readonly write: WriteContext,
  ) {
    super();
  }
}

export class RemoveRule extends Command<RuleWriteDto> {
  constructor(
    readonly network: NetworkName,
    readonly ruleId: RuleReference,
    readonly write: WriteContext,
  ) {
    super();
  }
}

export class AddEgressRule extends Command<EgressRuleWriteDto> {
  constructor(
    readonly network: NetworkName,
    readonly body: AddEgressRuleDto,
    readonly write: WriteContext,
  ) {
    super();
  }
}

export class RemoveEgressRule extends Command<EgressRuleWriteDto> {
  constructor(
    readonly network: NetworkName,
    readonly ruleId: RuleReference,
    readonly write: WriteContext,
  ) {
    super();
  }
}

export class ApplyDeclaration extends Command<DeclarationWriteDto> {
  constructor(
    readonly network: NetworkName,
    readonly body: ApplyDeclarationDto,
    readonly write: WriteContext,
  ) {
    super();
  }
}

export class RevertNetwork extends Command<RevertWriteDto> {
  constructor(
    readonly network: NetworkName,
    readonly to: number,
    readonly write: WriteContext,
  ) {
    super();
  }
}

export class AddPolicyTest extends Command<PolicyTestWriteDto> {
  constructor(
    readonly network: NetworkName,
    readonly body: AddPolicyTestDto,
    readonly write: WriteContext,
  ) {
    super();
  }
}

export class RemovePolicyTest extends Command<PolicyTestWriteDto> {
  constructor(
    readonly network: NetworkName,
    readonly testId: PolicyTestId,
    readonly write: WriteContext,
  ) {
    super();
  }
}
