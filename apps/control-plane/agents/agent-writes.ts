import { Injectable } from '@nestjs/common';
import { AGENT } from '#libs/domain/agent/aggregate.js';
import { type AgentCommand, decideAgent } from '#libs/domain/agent/decide.js';
import { streamOf } from '#libs/domain/aggregate.js';
import { DomainError } from '#libs/domain/decision.js';
import { KeyOwners, keyClaims } from '../identity/key-owners.js';
import { CommandExecutor, jsonOf } from '../record/command-executor.js';
import { StreamStates } from '../record/stream-states.js';

/** Writes to the stream of one agent. */
@Injectable()
export class AgentWrites {
  constructor(
    private readonly executor: CommandExecutor,
    private readonly states: StreamStates,
    private readonly owners: KeyOwners,
  ) {}

  async run(command: AgentCommand, commandId: string, correlationId: string): Promise<void> {
    const { agentId } = command;
    const work = this.executor.execute({
      context: { commandId, actor: `agent:${agentId}`, correlationId, expectedVersion: null },
      request: jsonOf(command),
      streamId: streamOf(AGENT, agentId),
      load: () => this.states.agent(agentId),
      decide: (agent) => decideAgent(command, agent),
      answer: () => null,
      claims: command.kind === 'RevokeAgent' ? [] : keyClaims(command),
    });
    await this.owners.orTaken(work);
  }

  /** Throws the refusal that the command would get; writes nothing. */
  async check(command: AgentCommand): Promise<void> {
    const { state } = await this.states.agent(command.agentId);
    const decision = decideAgent(command, state);
    if (decision instanceof DomainError) throw decision;
    if (command.kind !== 'RevokeAgent') await this.owners.requireOwn(streamOf(AGENT, command.agentId), command);
  }
}
