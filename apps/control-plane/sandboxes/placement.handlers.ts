import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { SandboxWriteDto } from '#libs/contracts/http/sandboxes.js';
import type { AgentId } from '#libs/contracts/ids.js';
import { unusableAgent } from '#libs/domain/agent/decide.js';
import type { DomainError } from '#libs/domain/decision.js';
import type { SandboxCommand } from '#libs/domain/sandbox/decide.js';
import { SandboxHeldError } from '#libs/domain/sandbox/refusals.js';
import type { SandboxState } from '#libs/domain/sandbox/state.js';
import { AgentContacts } from '../presence/agent-contacts.js';
import { Inventories } from '../presence/inventories.js';
import { Directory } from '../record/directory.js';
import { PinSandbox, ReleaseSandbox, UnpinSandbox } from './messages.js';
import { SandboxWrites } from './sandbox-writes.js';

@CommandHandler(ReleaseSandbox)
export class ReleaseSandboxHandler implements ICommandHandler<ReleaseSandbox> {
  constructor(
    private readonly writes: SandboxWrites,
    private readonly contacts: AgentContacts,
    private readonly inventories: Inventories,
  ) {}

  execute({ sandboxId, agentId, write }: ReleaseSandbox): Promise<SandboxWriteDto> {
    return this.writes.write(sandboxId, {
      context: write,
      request: ['ReleaseSandbox', sandboxId, agentId],
      command: (sandbox) => this.release(sandbox, agentId),
      since: ({ placedSince }) => placedSince,
    });
  }

  /** Refused if it would be undone at once: the sandbox's agent is in contact, and no other agent reports it. */
  private release(sandbox: SandboxState, asked: AgentId | null): SandboxCommand | DomainError {
    const { sandboxId, agentId: holder, pinnedTo } = sandbox;
    const from = asked ?? holder;
    const release: SandboxCommand = { kind: 'ReleaseSandbox', sandboxId, agentId: from };
    if (holder === null || from !== holder) return release;
    const isHeld = this.contacts.statusOf(holder) === 'ONLINE' && this.inventories.reportOf(sandboxId) !== null;
    const goesElsewhere = pinnedTo === null ? this.inventories.claimantsOf(sandboxId).length > 0 : pinnedTo !== holder;
    if (isHeld && !goesElsewhere) return new SandboxHeldError(sandboxId, holder);
    return release;
  }
}

@CommandHandler(PinSandbox)
export class PinSandboxHandler implements ICommandHandler<PinSandbox> {
  constructor(
    private readonly writes: SandboxWrites,
    private readonly directory: Directory,
  ) {}

  execute({ sandboxId, agentId, write }: PinSandbox): Promise<SandboxWriteDto> {
    return this.writes.write(sandboxId, {
      context: write,
      request: ['PinSandbox', sandboxId, agentId],
      command: () => {
        const named = agentId === null ? null : (this.directory.agent(agentId)?.state ?? null);
        const unusable = agentId === null ? null : unusableAgent(agentId, named, 'agentId');
        return unusable ?? { kind: 'PinSandbox', sandboxId, agentId };
      },
      since: ({ pinnedSince }) => pinnedSince,
    });
  }
}

@CommandHandler(UnpinSandbox)
export class UnpinSandboxHandler implements ICommandHandler<UnpinSandbox> {
  constructor(private readonly writes: SandboxWrites) {}

  execute({ sandboxId, write }: UnpinSandbox): Promise<SandboxWriteDto> {
    return this.writes.write(sandboxId, {
      context: write,
      request: ['UnpinSandbox', sandboxId],
      command: () => ({ kind: 'UnpinSandbox', sandboxId }),
      since: ({ pinnedSince }) => pinnedSince,
    });
  }
}
