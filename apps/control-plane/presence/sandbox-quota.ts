import { Inject, Injectable } from '@nestjs/common';
import { TokenBucket } from '#libs/async/token-bucket.js';
import type { RefusedSandbox } from '#libs/contracts/bus/from-member/inventory.js';
import { CodedError } from '#libs/contracts/errors.js';
import type { AgentId } from '#libs/contracts/ids.js';
import { MemberIntake } from '../foundation/member-intake.js';
import { SETTINGS } from '../foundation/provided.js';
import type { ControlPlaneSettings } from '../foundation/settings.js';

/** An inventory names or changes more sandboxes than one agent may; nothing of it was written. */
export class SandboxLimitError extends CodedError {}

/** All sandboxes of an agent may change at once, and once more in each such period. */
const ALL_AGAIN_SECONDS = 600;

/** Limits the sandboxes of one agent, and how often they change: each change is an event that is stored for ever. */
@Injectable()
export class SandboxQuota {
  private readonly changes = new Map<AgentId, TokenBucket>();
  private readonly refusals = new Map<AgentId, SandboxLimitError>();

  constructor(
    private readonly intake: MemberIntake,
    @Inject(SETTINGS) private readonly settings: ControlPlaneSettings,
  ) {}

  /** Error: SandboxLimitError. */
  requireRoom(agentId: AgentId, sandboxes: number): void {
    const most = this.settings.memberBounds.sandboxes;
    if (sandboxes <= most) return;
    const reason = `its inventory has ${sandboxes} sandboxes; one agent may have ${most}`;
    throw this.refused(agentId, sandboxes - most, new SandboxLimitError('SANDBOX_LIMIT', reason, REMEDY));
  }

  /** Error: SandboxLimitError. */
  requireChanges(agentId: AgentId, changes: number): void {
    const { sandboxes } = this.settings.memberBounds;
    const nowMs = performance.now();
    const left = this.changes.get(agentId) ?? new TokenBucket(sandboxes / ALL_AGAIN_SECONDS, 2 * sandboxes, nowMs);
    this.changes.set(agentId, left);
    if (left.take(changes, nowMs)) {
      this.refusals.delete(agentId);
      return;
    }
    const reason = `its inventory changes ${changes} sandboxes, more than one agent may change now: they come and go too often`;
    throw this.refused(agentId, changes, new SandboxLimitError('SANDBOX_LIMIT', reason, REMEDY));
  }

  /** Why the agent's last inventory was refused, in the form of its status; null: it was not. */
  refusalOf(agentId: AgentId): RefusedSandbox | null {
    const refusal = this.refusals.get(agentId);
    if (refusal === undefined) return null;
    return { name: 'inventory', sandboxId: null, code: refusal.code, message: refusal.message, remedy: REMEDY };
  }

  forget(agentId: AgentId): void {
    this.changes.delete(agentId);
    this.refusals.delete(agentId);
  }

  private refused(agentId: AgentId, over: number, error: SandboxLimitError): SandboxLimitError {
    this.refusals.set(agentId, error);
    this.intake.count(`agent ${agentId}`, 'sandboxes', over);
    return error;
  }
}

const REMEDY = 'stop sandboxes on that host, or raise GLOBALSTACKS_MEMBER_SANDBOXES at the control plane';
