import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { streamOf } from '#libs/domain/aggregate.js';
import { DomainError } from '#libs/domain/decision.js';
import { LOCAL_NODE } from '#libs/domain/local-node/aggregate.js';
import { decideLocalNode, type LocalNodeCommand } from '#libs/domain/local-node/decide.js';
import { KeyOwners, keyClaims } from '../identity/key-owners.js';
import { type CommandContext, CommandExecutor, jsonOf } from '../record/command-executor.js';
import { StreamStates } from '../record/stream-states.js';

/** Writes to the stream of one local node. */
@Injectable()
export class LocalNodeWrites {
  constructor(
    private readonly executor: CommandExecutor,
    private readonly states: StreamStates,
    private readonly owners: KeyOwners,
  ) {}

  /** Returns true if something changed. */
  run(command: LocalNodeCommand, context: CommandContext, request: unknown): Promise<boolean> {
    const work = this.executor.execute({
      context,
      request: jsonOf(request),
      streamId: streamOf(LOCAL_NODE, command.nodeId),
      // All other commands end the node, and work also if its stream cannot be read to its end.
      load: () =>
        command.kind === 'JoinNetwork'
          ? this.states.localNode(command.nodeId)
          : this.states.localNodeToEnd(command.nodeId),
      decide: (node) => decideLocalNode(command, node),
      answer: ({ events }) => events.length > 0,
      claims: command.kind === 'JoinNetwork' ? keyClaims(command) : [],
    });
    return this.owners.orTaken(work);
  }

  /** A command caused by time or by another write; the same `cause` gives the same command id. */
  bySystem(command: LocalNodeCommand, cause: string): Promise<boolean> {
    const name = createHash('sha256').update(`${command.kind} ${command.nodeId} ${cause}`).digest('hex');
    const context = { commandId: `local-node:${name}`, correlationId: name, expectedVersion: null };
    return this.run(command, { ...context, actor: 'control-plane' }, [command.kind, command.nodeId, cause]);
  }

  /** Throws the refusal that the command would get; writes nothing. */
  async check(command: LocalNodeCommand): Promise<void> {
    const { state } = await this.states.localNode(command.nodeId);
    const decision = decideLocalNode(command, state);
    if (decision instanceof DomainError) throw decision;
    if (command.kind === 'JoinNetwork') await this.owners.requireOwn(streamOf(LOCAL_NODE, command.nodeId), command);
  }
}
