import { Inject } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { MeshKeyDto } from '#libs/contracts/http/mesh.js';
import { meshKeyStatement } from '#libs/contracts/renewal.js';
import { AgentKeyMismatchError, AgentNotFoundError, AgentRevokedError } from '#libs/domain/agent/decide.js';
import { CLOCK, type Clock } from '../foundation/provided.js';
import { requireSignature } from '../identity/signed-request.js';
import { MeshKeys } from '../mesh/mesh-keys.js';
import { Directory } from '../record/directory.js';
import { RequestAgentMeshKey } from './messages.js';

const WORDS = { code: 'MESH_KEY_REQUEST', name: 'the request for a mesh key' };

@CommandHandler(RequestAgentMeshKey)
export class RequestAgentMeshKeyHandler implements ICommandHandler<RequestAgentMeshKey> {
  constructor(
    private readonly directory: Directory,
    private readonly keys: MeshKeys,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async execute({ body }: RequestAgentMeshKey): Promise<MeshKeyDto> {
    const { agentId, nkey } = body;
    requireSignature(body, meshKeyStatement(body), this.clock(), WORDS);
    const agent = this.directory.agent(agentId)?.state;
    if (agent === undefined) throw new AgentNotFoundError(agentId);
    if (agent.status === 'revoked') throw new AgentRevokedError(agent);
    if (agent.nkey !== nkey) throw new AgentKeyMismatchError(agentId);
    return this.keys.issue({ kind: 'agent', id: agentId }, nkey);
  }
}
