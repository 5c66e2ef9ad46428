import { Injectable } from '@nestjs/common';
import type { SandboxConflictDto, SandboxDto } from '#libs/contracts/http/sandboxes.js';
import type { SandboxPlacementDto } from '#libs/contracts/http/status.js';
import type { SandboxId } from '#libs/contracts/ids.js';
import type { SandboxState } from '#libs/domain/sandbox/state.js';
import { Inventories } from '../presence/inventories.js';
import { Directory } from '../record/directory.js';
import type { NetworkRecord } from '../record/network-record.js';

type Placement = Pick<SandboxDto, 'formerAgentId' | 'pinnedTo' | 'conflicts'>;

/** Sandboxes' former agents, pins, and other agents that report them. */
@Injectable()
export class SandboxPlacements {
  constructor(
    private readonly directory: Directory,
    private readonly inventories: Inventories,
  ) {}

  of({ sandboxId, formerAgentId, pinnedTo }: SandboxState): Placement {
    return { formerAgentId, pinnedTo, conflicts: this.conflictsOf(sandboxId) };
  }

  /** Placements of a network that matter when looking for a fault. */
  notable({ topology }: NetworkRecord): readonly SandboxPlacementDto[] {
    return [...topology.sandboxes.values()].flatMap(({ sandboxId, agentId, placedSince }) => {
      const state = this.directory.sandbox(sandboxId);
      if (state === null) return [];
      const placement = this.of(state);
      const isPlain = agentId !== null && placement.formerAgentId === null && placement.conflicts.length === 0;
      return isPlain ? [] : { sandboxId, agentId, since: placedSince, ...placement };
    });
  }

  private conflictsOf(sandboxId: SandboxId): readonly SandboxConflictDto[] {
    return this.inventories.claimantsOf(sandboxId).flatMap((agentId) => {
      const refusal = this.inventories.refusalOf(agentId, sandboxId);
      if (refusal === null) return [];
      const { code, message, remedy } = refusal;
      return { agentId, code, message, remedy };
    });
  }
}
