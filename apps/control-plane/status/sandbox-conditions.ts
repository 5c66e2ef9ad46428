import { Inject, Injectable } from '@nestjs/common';
import type { SandboxId } from '#libs/contracts/ids.js';
import { CLOCK, type Clock } from '../foundation/provided.js';
import { Inventories } from '../presence/inventories.js';
import { Directory } from '../record/directory.js';
import { NetworkStatuses } from './network-statuses.js';
import { NOT_KNOWN, type SandboxCondition, sandboxCondition } from './sandbox-condition.js';

/** What is known about each sandbox from its agent's reports. */
@Injectable()
export class SandboxConditions {
  constructor(
    private readonly directory: Directory,
    private readonly inventories: Inventories,
    private readonly statuses: NetworkStatuses,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  of(sandboxId: SandboxId): SandboxCondition {
    const sandbox = this.directory.sandbox(sandboxId);
    if (sandbox === null || sandbox.agentId === null || !sandbox.present) return NOT_KNOWN;
    const report = this.inventories.reportOf(sandboxId);
    return sandboxCondition(report, this.statuses.hearingOf(sandbox.agentId), this.clock());
  }
}
