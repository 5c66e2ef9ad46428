import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import type { SandboxDto, SandboxPageDto } from '#libs/contracts/http/sandboxes.js';
import { SandboxNotFoundError } from '#libs/domain/sandbox/refusals.js';
import { pageOf } from '../http/paging.js';
import { Directory } from '../record/directory.js';
import { hasLabel } from '../status/descriptions.js';
import { ListSandboxes, ShowSandbox } from './messages.js';
import { SandboxViews } from './sandbox-views.js';

@QueryHandler(ListSandboxes)
export class ListSandboxesHandler implements IQueryHandler<ListSandboxes> {
  constructor(
    private readonly directory: Directory,
    private readonly views: SandboxViews,
  ) {}

  async execute({ filter }: ListSandboxes): Promise<SandboxPageDto> {
    const { network, label, status } = filter;
    const found = this.directory.sandboxes().filter((sandbox) => {
      if (status !== undefined && this.views.statusOf(sandbox) !== status) return false;
      if (label !== undefined && !hasLabel(sandbox.labels, label)) return false;
      if (network === undefined) return true;
      return this.directory.networksOf(sandbox.sandboxId).some(({ topology }) => topology.name === network);
    });
    const page = pageOf(found, ({ sandboxId }) => sandboxId, filter);
    return { items: page.items.map((sandbox) => this.views.sandbox(sandbox)), nextCursor: page.nextCursor };
  }
}

@QueryHandler(ShowSandbox)
export class ShowSandboxHandler implements IQueryHandler<ShowSandbox> {
  constructor(
    private readonly directory: Directory,
    private readonly views: SandboxViews,
  ) {}

  async execute({ sandboxId }: ShowSandbox): Promise<SandboxDto> {
    const sandbox = this.directory.sandbox(sandboxId);
    if (sandbox === null) throw new SandboxNotFoundError(sandboxId);
    return this.views.sandbox(sandbox);
  }
}
