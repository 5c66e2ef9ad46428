import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { InvalidInputError } from '#libs/contracts/errors.js';
import type { SandboxWriteDto } from '#libs/contracts/http/sandboxes.js';
import { LabelSandbox } from './messages.js';
import { SandboxWrites } from './sandbox-writes.js';

@CommandHandler(LabelSandbox)
export class LabelSandboxHandler implements ICommandHandler<LabelSandbox> {
  constructor(private readonly writes: SandboxWrites) {}

  async execute({ sandboxId, change, write }: LabelSandbox): Promise<SandboxWriteDto> {
    const { set = {}, remove = [] } = change;
    if (Object.keys(set).length + remove.length === 0) {
      throw new InvalidInputError('set', set, 'at least one label to set or remove');
    }
    return this.writes.write(sandboxId, {
      context: write,
      request: ['LabelSandbox', sandboxId, change],
      command: () => ({ kind: 'LabelSandbox', sandboxId, set, remove }),
      since: ({ labelledSince }) => labelledSince,
    });
  }
}
