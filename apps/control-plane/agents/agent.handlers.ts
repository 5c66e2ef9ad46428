import { CommandHandler, type ICommandHandler, type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import type { AgentDto, AgentPageDto, AgentRevocationDto } from '#libs/contracts/http/agents.js';
import { AGENT } from '#libs/domain/agent/aggregate.js';
import { AgentNotFoundError, decideAgent } from '#libs/domain/agent/decide.js';
import { streamOf } from '#libs/domain/aggregate.js';
import { AgentStates } from '../applied/agent-states.js';
import { pageOf } from '../http/paging.js';
import { cutAnswer, Revocations } from '../identity/revocations.js';
import { MeshKeyUpkeep } from '../mesh/mesh-key-upkeep.js';
import { AgentContacts } from '../presence/agent-contacts.js';
import { Inventories } from '../presence/inventories.js';
import { CommandExecutor, jsonOf } from '../record/command-executor.js';
import { Directory } from '../record/directory.js';
import { StreamStates } from '../record/stream-states.js';
import { NetworkStatuses } from '../status/network-statuses.js';
import { AgentViews } from './agent-views.js';
import { ListAgents, RevokeAgent, ShowAgent } from './messages.js';

@QueryHandler(ListAgents)
export class ListAgentsHandler implements IQueryHandler<ListAgents> {
  constructor(
    private readonly directory: Directory,
    private readonly statuses: NetworkStatuses,
    private readonly views: AgentViews,
  ) {}

  async execute({ filter }: ListAgents): Promise<AgentPageDto> {
    const { network, status } = filter;
    const found = this.directory.agents().filter(({ state }) => {
      if (status !== undefined && this.statuses.agentStatus(state.agentId) !== status) return false;
      if (network === undefined) return true;
      return this.directory.networksOfAgent(state.agentId).some(({ topology }) => topology.name === network);
    });
    const page = pageOf(found, ({ state }) => state.agentId, filter);
    return { items: page.items.map((record) => this.views.agent(record)), nextCursor: page.nextCursor };
  }
}

@QueryHandler(ShowAgent)
export class ShowAgentHandler implements IQueryHandler<ShowAgent> {
  constructor(
    private readonly directory: Directory,
    private readonly views: AgentViews,
  ) {}

  async execute({ agentId }: ShowAgent): Promise<AgentDto> {
    const record = this.directory.agent(agentId);
    if (record === null) throw new AgentNotFoundError(agentId);
    return this.views.agent(record);
  }
}

/** The event is written first: what follows from it (void keys, released sandboxes) is repeated after a crash. */
@CommandHandler(RevokeAgent)
export class RevokeAgentHandler implements ICommandHandler<RevokeAgent> {
  constructor(
    private readonly executor: CommandExecutor,
    private readonly states: StreamStates,
    private readonly revocations: Revocations,
    private readonly meshKeys: MeshKeyUpkeep,
    private readonly inventories: Inventories,
    private readonly contacts: AgentContacts,
    private readonly agentStates: AgentStates,
    private readonly directory: Directory,
  ) {}

  async execute({ agentId, write }: RevokeAgent): Promise<AgentRevocationDto> {
    const answer = await this.executor.execute({
      context: write,
      request: jsonOf(['RevokeAgent', agentId]),
      streamId: streamOf(AGENT, agentId),
      // Revoking only takes access away, so it works also if the agent's stream cannot be read to its end.
      load: () => this.states.agentToEnd(agentId),
      decide: (agent) => decideAgent({ kind: 'RevokeAgent', agentId, reason: `revoked by ${write.actor}` }, agent),
      answer: ({ events }) => ({
        agentId,
        changed: events.length > 0,
        sandboxesReleased: this.directory
          .sandboxes()
          .filter((sandbox) => sandbox.agentId === agentId)
          .map(({ sandboxId }) => sandboxId)
          .sort(),
      }),
    });
    const [cut, meshNode] = await Promise.all([
      this.revocations.cutOffAgent(agentId),
      this.meshKeys.leftOf({ kind: 'agent', id: agentId }),
    ]);
    // When the command is repeated, the agent may be enrolled again.
    if (this.directory.agent(agentId)?.state.status === 'revoked') {
      await this.inventories.forget(agentId);
      this.contacts.forget(agentId);
      this.agentStates.forget(agentId);
    }
    return { ...answer, ...cutAnswer(cut), meshNode };
  }
}
