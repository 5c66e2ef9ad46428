import type { AgentId, SandboxId } from '#libs/contracts/ids.js';
import { DomainError } from '../decision.js';

export class SandboxNotFoundError extends DomainError {
  constructor(
    sandboxId: SandboxId,
    remedy = 'see gstacks sandbox list; for a container or link that an agent does not serve, and why: gstacks agent list',
  ) {
    super('not-found', 'SANDBOX_NOT_FOUND', `no agent has reported a sandbox ${sandboxId}`, remedy, 'sandboxId');
  }
}

/** An agent's report of a sandbox is refused: another agent (`owner`) has it, or it is pinned to that agent. */
export class ClaimRefusedError extends DomainError {
  constructor(
    override readonly code: 'PLACEMENT_CONFLICT' | 'SANDBOX_PINNED',
    readonly owner: AgentId,
    message: string,
    remedy: string,
  ) {
    super('conflict', code, message, remedy);
  }
}

/** A second agent reports a sandbox that another agent still has. */
export class PlacementConflictError extends ClaimRefusedError {
  constructor(sandboxId: SandboxId, owner: AgentId, claimant: AgentId) {
    super(
      'PLACEMENT_CONFLICT',
      owner,
      `agent ${claimant} reports sandbox ${sandboxId}, which agent ${owner} has not reported gone`,
      `stop it on ${owner}, and it moves to ${claimant} automatically; if ${owner} no longer answers: gstacks ` +
        `sandbox release ${sandboxId}; if these are two sandboxes, give one of them another id`,
    );
  }
}

/** An agent reports a sandbox that is pinned to another agent. */
export class SandboxPinnedError extends ClaimRefusedError {
  constructor(sandboxId: SandboxId, owner: AgentId, claimant: AgentId) {
    super(
      'SANDBOX_PINNED',
      owner,
      `agent ${claimant} reports sandbox ${sandboxId}, which is pinned to agent ${owner}`,
      `if it belongs there: gstacks sandbox pin ${sandboxId} --to ${claimant}`,
    );
  }
}

/** Its agent is in contact and still has it: after a release it would report it again and get it back. */
export class SandboxHeldError extends DomainError {
  constructor(sandboxId: SandboxId, agentId: AgentId) {
    super(
      'conflict',
      'SANDBOX_HELD',
      `agent ${agentId} is in contact and still reports sandbox ${sandboxId}: it would get it back at once`,
      `stop the sandbox on ${agentId}; or first name the agent that shall have it: gstacks sandbox pin ` +
        `${sandboxId} --to <agent>`,
    );
  }
}

/** A sandbox without an agent cannot be pinned to its current agent. */
export class SandboxNotPlacedError extends DomainError {
  constructor(sandboxId: SandboxId) {
    super(
      'conflict',
      'SANDBOX_NOT_PLACED',
      `no agent holds sandbox ${sandboxId}`,
      `name an agent: gstacks sandbox pin ${sandboxId} --to <agent>`,
      'agentId',
    );
  }
}

export class TooManyLabelsError extends DomainError {
  constructor(sandboxId: SandboxId, limit: number) {
    super(
      'invalid',
      'TOO_MANY_LABELS',
      `sandbox ${sandboxId} would have more than ${limit} labels`,
      'remove labels that no rule uses',
      'set',
    );
  }
}

/** The command both sets and removes the same label. */
export class LabelContradictionError extends DomainError {
  constructor(key: string) {
    super('invalid', 'LABEL_CONTRADICTION', `label ${key} is both set and removed`, `give ${key} once`, 'remove');
  }
}
