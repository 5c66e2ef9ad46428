import { Command, Query } from '@nestjs/cqrs';
import type {
  JoinNetworkDto,
  ListLocalNodesQuery,
  LocalNodeCredentialsDto,
  LocalNodeDto,
  LocalNodeEndDto,
  LocalNodePageDto,
} from '#libs/contracts/http/local-nodes.js';
import type { MeshKeyDto } from '#libs/contracts/http/mesh.js';
import type { LocalNodeId, NetworkName } from '#libs/contracts/ids.js';
import type { Principal } from '../http/request.js';
import type { WriteContext } from '../http/write-context.js';

export class JoinNetwork extends Command<LocalNodeCredentialsDto> {
  constructor(
    readonly network: NetworkName,
    readonly body: JoinNetworkDto,
    readonly principal: Principal,
    readonly write: WriteContext,
  ) {
    super();
  }
}

export class RevokeLocalNode extends Command<LocalNodeEndDto> {
  constructor(
    readonly nodeId: LocalNodeId,
    readonly principal: Principal,
    readonly write: WriteContext,
  ) {
    super();
  }
}

export class LeaveNetwork extends Command<LocalNodeEndDto> {
  constructor(
    readonly nodeId: LocalNodeId,
    readonly principal: Principal,
    readonly write: WriteContext,
  ) {
    super();
  }
}

export class RequestLocalNodeMeshKey extends Command<MeshKeyDto> {
  constructor(
    readonly nodeId: LocalNodeId,
    readonly principal: Principal,
  ) {
    super();
  }
}

export class ListLocalNodes extends Query<LocalNodePageDto> {
  constructor(readonly filter: ListLocalNodesQuery) {
    super();
  }
}

export class ShowLocalNode extends Query<LocalNodeDto> {
  constructor(readonly nodeId: LocalNodeId) {
    super();
  }
}
