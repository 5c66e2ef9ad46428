import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { MeshKeyDto } from '#libs/contracts/http/mesh.js';
import { DomainError } from '#libs/domain/decision.js';
import { LocalNodeNotFoundError } from '#libs/domain/local-node/decide.js';
import type { LocalNodeState } from '#libs/domain/local-node/state.js';
import { MeshKeys } from '../mesh/mesh-keys.js';
import { Directory } from '../record/directory.js';
import { RequestLocalNodeMeshKey } from './messages.js';

class LocalNodeNotOwnedError extends DomainError {
  constructor({ nodeId }: LocalNodeState) {
    super('forbidden', 'LOCAL_NODE_NOT_OWNED', `local node ${nodeId} belongs to another user`, 'gstacks whoami');
  }
}

class LocalNodeEndedError extends DomainError {
  constructor({ nodeId, status }: LocalNodeState) {
    super(
      'forbidden',
      `LOCAL_NODE_${status.toUpperCase()}`,
      `local node ${nodeId} is ${status}`,
      'gstacks mesh join <network>',
    );
  }
}

/** For the owner only, not for admins: with the key, another person could take the node's place. */
@CommandHandler(RequestLocalNodeMeshKey)
export class RequestLocalNodeMeshKeyHandler implements ICommandHandler<RequestLocalNodeMeshKey> {
  constructor(
    private readonly directory: Directory,
    private readonly keys: MeshKeys,
  ) {}

  async execute({ nodeId, principal }: RequestLocalNodeMeshKey): Promise<MeshKeyDto> {
    const node = this.directory.localNode(nodeId)?.state;
    if (node === undefined) throw new LocalNodeNotFoundError(nodeId);
    if (node.user !== principal.user) throw new LocalNodeNotOwnedError(node);
    if (node.status !== 'joined') throw new LocalNodeEndedError(node);
    return this.keys.issue({ kind: 'local', id: nodeId }, node.nkey);
  }
}
