import { Injectable } from '@nestjs/common';
import type { SandboxDto } from '#libs/contracts/http/sandboxes.js';
import { streamOf } from '#libs/domain/aggregate.js';
import { SANDBOX } from '#libs/domain/sandbox/aggregate.js';
import type { SandboxState } from '#libs/domain/sandbox/state.js';
import { Inventories } from '../presence/inventories.js';
import { Directory } from '../record/directory.js';
import { aliasDto, unreadableDto } from '../status/descriptions.js';
import { NetworkStatuses } from '../status/network-statuses.js';
import { SandboxConditions } from '../status/sandbox-conditions.js';
import { SandboxPlacements } from '../status/sandbox-placements.js';

/** Sandboxes as the API shows them. */
@Injectable()
export class SandboxViews {
  constructor(
    private readonly directory: Directory,
    private readonly inventories: Inventories,
    private readonly conditions: SandboxConditions,
    private readonly placements: SandboxPlacements,
    private readonly statuses: NetworkStatuses,
  ) {}

  sandbox(state: SandboxState): SandboxDto {
    const { sandboxId, agentId, address, driver, labels, present } = state;
    const report = present ? this.inventories.reportOf(sandboxId) : null;
    return {
      id: sandboxId,
      agentId,
      status: this.statusOf(state),
      address: present ? address : null,
      driver,
      labels,
      ...this.conditions.of(sandboxId),
      namespace: report?.namespace ?? null,
      container: report?.container ?? null,
      ...this.placements.of(state),
      unreadable: unreadableDto(this.directory.unreadable(streamOf(SANDBOX, sandboxId))),
      networks: this.directory.networksOf(sandboxId).map(({ topology }) => ({
        network: topology.name,
        aliases: [...topology.aliases.values()]
          .filter((record) => record.sandboxId === sandboxId)
          .map((record) => aliasDto(topology, record)),
      })),
    };
  }

  statusOf({ sandboxId, agentId, present }: SandboxState): SandboxDto['status'] {
    if (agentId === null) return 'UNPLACED';
    if (!present) return 'GONE';
    if (this.statuses.agentStatus(agentId) !== 'ONLINE') return 'UNKNOWN';
    const report = this.inventories.reportOf(sandboxId);
    if (report === null) return 'UNKNOWN';
    return report.paused === true ? 'PAUSED' : 'RUNNING';
  }
}
