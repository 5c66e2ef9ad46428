import { Command, Query } from '@nestjs/cqrs';
import type {
  LabelSandboxDto,
  ListSandboxesQuery,
  SandboxDto,
  SandboxPageDto,
  SandboxWriteDto,
} from '#libs/contracts/http/sandboxes.js';
import type { SandboxId } from '#libs/contracts/ids.js';
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
