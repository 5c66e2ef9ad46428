import { Injectable } from '@nestjs/common';
import type { SandboxWriteDto } from '#libs/contracts/http/sandboxes.js';
import { streamOf } from '#libs/domain/aggregate.js';
import type { DomainError } from '#libs/domain/decision.js';
import { SANDBOX } from '#libs/domain/sandbox/aggregate.js';
import { decideSandbox, type SandboxCommand } from '#libs/domain/sandbox/decide.js';
import { SandboxNotFoundError } from '#libs/domain/sandbox/refusals.js';
import type { SandboxState } from '#libs/domain/sandbox/state.js';
import type { WriteContext } from '../http/write-context.js';
import { CommandExecutor, jsonOf } from '../record/command-executor.js';
import { inFull } from '../record/kept-answer.js';
import { StreamStates } from '../record/stream-states.js';
import { SandboxViews } from './sandbox-views.js';

export interface SandboxWrite {
  readonly context: WriteContext;
  readonly command: (sandbox: SandboxState) => SandboxCommand | DomainError;
  /** The request as it came. */
  readonly request: unknown;
  /** The version since which a sandbox has been what the command asks for. */
  readonly since: (sandbox: SandboxState) => number;
}

/** The way in which operators write to a sandbox's stream. */
@Injectable()
export class SandboxWrites {
  constructor(
    private readonly executor: CommandExecutor,
    private readonly states: StreamStates,
    private readonly views: SandboxViews,
  ) {}

  /** Errors: SANDBOX_NOT_FOUND, the command's refusals, those of the executor. */
  async write(sandboxId: SandboxState['sandboxId'], write: SandboxWrite): Promise<SandboxWriteDto> {
    const answer = await this.executor.execute({
      context: write.context,
      request: jsonOf(write.request),
      streamId: streamOf(SANDBOX, sandboxId),
      load: () => this.states.sandbox(sandboxId),
      decide: (sandbox) => {
        if (sandbox === null) return new SandboxNotFoundError(sandboxId);
        const command = write.command(sandbox);
        return 'kind' in command ? decideSandbox(command, sandbox) : command;
      },
      answer: ({ events, result }) => {
        if (result === null) throw new SandboxNotFoundError(sandboxId);
        const changed = events.length > 0;
        const unchangedSince = changed ? null : write.since(result);
        return { version: result.version, changed, unchangedSince, result: this.views.sandbox(result) };
      },
    });
    return inFull(answer);
  }
}
