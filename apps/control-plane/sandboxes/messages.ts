import { Command, Query } from '@nestjs/cqrs';
import type {
  LabelSandboxDto,
  ListSandboxesQuery,
  SandboxDto,
  SandboxPageDto,
  SandboxWriteDto,
} from '#libs/contracts/http/sandboxes.js';
import type { AgentId, SandboxId } from '#libs/contracts/ids.js';
import type { WriteContext } from '../http/write-context.js';

export class ListSandboxes extends Query<SandboxPageDto> {
  constructor(readonly filter: ListSandboxesQuery) {
    super();
  }
}

export class ShowSandbox extends Query<SandboxDto> {
  constructor(readonly sandboxId: SandboxId) {
    super();
  }
}

export class LabelSandbox extends Command<SandboxWriteDto> {
  constructor(
    readonly sandboxId: SandboxId,
    readonly change: LabelSandboxDto,
    readonly write: WriteContext,
  ) {
    super();
  }
}

export class ReleaseSandbox extends Command<SandboxWriteDto> {
  constructor(
    readonly sandboxId: SandboxId,
    /** Only if this agent has it; null: whichever agent has it. */
    readonly agentId: AgentId | null,
    readonly write: WriteContext,
  ) {
    super();
  }
}

export class PinSandbox extends Command<SandboxWriteDto> {
  constructor(
    readonly sandboxId: SandboxId,
    /** null: its current agent. */
    readonly agentId: AgentId | null,
    readonly write: WriteContext,
  ) {
    super();
  }
}

export class UnpinSandbox extends Command<SandboxWriteDto> {
  constructor(
    readonly sandboxId: SandboxId,
    readonly write: WriteContext,
  ) {
    super();
  }
}
