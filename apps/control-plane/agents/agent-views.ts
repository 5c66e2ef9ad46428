import { Injectable } from '@nestjs/common';
import type { AgentDto } from '#libs/contracts/http/agents.js';
import { AGENT } from '#libs/domain/agent/aggregate.js';
import { streamOf } from '#libs/domain/aggregate.js';
import { AgentContacts } from '../presence/agent-contacts.js';
import { Inventories } from '../presence/inventories.js';
import type { AgentRecord } from '../record/agent-record.js';
import { Directory } from '../record/directory.js';
import { unreadableDto } from '../status/descriptions.js';
import { NetworkStatuses } from '../status/network-statuses.js';

/** Agents as the API shows them. */
@Injectable()
export class AgentViews {
  constructor(
    private readonly directory: Directory,
    private readonly contacts: AgentContacts,
    private readonly statuses: NetworkStatuses,
    private readonly inventories: Inventories,
  ) {}

  agent({ state, enrolledAt }: AgentRecord): AgentDto {
    const { agentId } = state;
    const contact = this.contacts.of(agentId);
    return {
      id: agentId,
      status: this.statuses.agentStatus(agentId),
      driver: contact?.driver ?? null,
      softwareVersion: contact?.softwareVersion ?? null,
      lastContactAt: contact?.lastContactAt.toISOString() ?? null,
      enrolledAt,
      unreadable: unreadableDto(this.directory.unreadable(streamOf(AGENT, agentId))),
      mesh: this.statuses.meshOf(agentId),
      sandboxes: this.directory
        .sandboxes()
        .filter((sandbox) => sandbox.agentId === agentId)
        .map(({ sandboxId }) => sandboxId)
        .sort(),
      refused: this.inventories.refusedBy(agentId),
      networks: this.directory.networksOfAgent(agentId).map((record) => {
        const { status, appliedVersion } = this.statuses.ofAgent(record, agentId);
        return { network: record.topology.name, status, appliedVersion, version: record.topology.version };
      }),
    };
  }
}
