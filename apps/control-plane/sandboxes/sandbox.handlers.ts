import { CommandHandler, type ICommandHandler, type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { InvalidInputError } from '#libs/contracts/errors.js';
import type { SandboxDto, SandboxPageDto, SandboxWriteDto } from '#libs/contracts/http/sandboxes.js';
import { streamOf } from '#libs/domain/aggregate.js';
import { SANDBOX } from '#libs/domain/sandbox/aggregate.js';
import { decideSandbox } from '#libs/domain/sandbox/decide.js';
import { SandboxNotFoundError } from '#libs/domain/sandbox/refusals.js';
import { pageOf } from '../http/paging.js';
import { CommandExecutor, jsonOf } from '../record/command-executor.js';
import { Directory } from '../record/directory.js';
import { inFull } from '../record/kept-answer.js';
import { StreamStates } from '../record/stream-states.js';
import { hasLabel } from '../status/descriptions.js';
import { LabelSandbox, ListSandboxes, ShowSandbox } from './messages.js';
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

@CommandHandler(LabelSandbox)
export class LabelSandboxHandler implements ICommandHandler<LabelSandbox> {
  constructor(
    private readonly executor: CommandExecutor,
    private readonly states: StreamStates,
    private readonly views: SandboxViews,
  ) {}

  async execute({ sandboxId, change, write }: LabelSandbox): Promise<SandboxWriteDto> {
    const { set = {}, remove = [] } = change;
    if (Object.keys(set).length + remove.length === 0) {
      throw new InvalidInputError('set', set, 'at least one label to set or remove');
    }
    const answer = await this.executor.execute({
      context: write,
      request: jsonOf(['LabelSandbox', sandboxId, change]),
      streamId: streamOf(SANDBOX, sandboxId),
      load: () => this.states.sandbox(sandboxId),
      decide: (sandbox) => decideSandbox({ kind: 'LabelSandbox', sandboxId, set, remove }, sandbox),
      answer: ({ events, result }) => {
        if (result === null) throw new SandboxNotFoundError(sandboxId);
        const { version, labelledSince } = result;
        const changed = events.length > 0;
        return { version, changed, unchangedSince: changed ? null : labelledSince, result: this.views.sandbox(result) };
      },
    });
    return inFull(answer);
  }
}
