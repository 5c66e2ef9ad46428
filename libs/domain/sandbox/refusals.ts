import type { AgentId, SandboxId } from '#libs/contracts/ids.js';
import { DomainError } from '../decision.js';

export class SandboxNotFoundError extends DomainError {
  constructor(sandboxId: SandboxId) {
    super(
      'not-found',
      'SANDBOX_NOT_FOUND',
      `no agent has reported a sandbox ${sandboxId}`,
      'see gstacks sandbox list; a sandbox appears once the agent of its host sees it',
    );
  }
}

/** A second agent claims a sandbox: never a move. */
export class PlacementConflictError extends DomainError {
  constructor(
    readonly sandboxId: SandboxId,
    readonly owner: AgentId,
    claimant: AgentId,
  ) {
    super(
      'conflict',
      'PLACEMENT_CONFLICT',
      `agent ${claimant} reports sandbox ${sandboxId}, which belongs to agent ${owner}`,
      `rename one of the two sandboxes, or revoke ${owner} if that host is gone: gstacks agent revoke ${owner}`,
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
    );
  }
}

/** One command sets and removes the same label. */
export class LabelContradictionError extends DomainError {
  constructor(key: string) {
    super('invalid', 'LABEL_CONTRADICTION', `label ${key} is both set and removed`, `give ${key} once`);
  }
}
