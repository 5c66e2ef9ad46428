import { Body, Controller, Delete, Get, Post, Query } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { ApiTags } from '@nestjs/swagger';
import {
  JoinNetworkDto,
  ListLocalNodesQuery,
  LocalNodeCredentialsDto,
  LocalNodeDto,
  LocalNodeEndDto,
  LocalNodePageDto,
} from '#libs/contracts/http/local-nodes.js';
import { MeshKeyDto } from '#libs/contracts/http/mesh.js';
import { type LocalNodeId, type NetworkName, parseLocalNodeId, parseNetworkName } from '#libs/contracts/ids.js';
import type { Principal } from '../http/request.js';
import { DescribePath, Idempotent, PathValue, Route } from '../http/route.js';
import { CurrentPrincipal, type WriteContext, WriteRequest } from '../http/write-context.js';
import {
  JoinNetwork,
  LeaveNetwork,
  ListLocalNodes,
  RequestLocalNodeMeshKey,
  RevokeLocalNode,
  ShowLocalNode,
} from './messages.js';

@ApiTags('local nodes')
@Controller('v1')
export class LocalNodesController {
  constructor(
    private readonly commands: CommandBus,
    private readonly queries: QueryBus,
  ) {}

  @Post('networks/:network/local-nodes')
  @DescribePath('network', 'dev')
  @Idempotent({
    summary: "Join a developer's machine, or renew its credentials",
    answers: LocalNodeCredentialsDto,
    status: 201,
    forJoiners: true,
  })
  joinNetwork(
    @PathValue('network', parseNetworkName) network: NetworkName,
    @Body() body: JoinNetworkDto,
    @CurrentPrincipal() principal: Principal,
    @WriteRequest() write: WriteContext,
  ): Promise<LocalNodeCredentialsDto> {
    return this.commands.execute(new JoinNetwork(network, body, principal, write));
  }

  @Get('local-nodes')
  @Route({ summary: "List developers' machines that joined", answers: LocalNodePageDto })
  listLocalNodes(@Query() filter: ListLocalNodesQuery): Promise<LocalNodePageDto> {
    return this.queries.execute(new ListLocalNodes(filter));
  }

  @Get('local-nodes/:nodeId')
  @DescribePath('nodeId', 'laptop-0a1b2c3d4e')
  @Route({ summary: "Show a developer's machine", answers: LocalNodeDto })
  showLocalNode(@PathValue('nodeId', parseLocalNodeId) nodeId: LocalNodeId): Promise<LocalNodeDto> {
    return this.queries.execute(new ShowLocalNode(nodeId));
  }

  @Delete('local-nodes/:nodeId')
  @DescribePath('nodeId', 'laptop-0a1b2c3d4e')
  @Idempotent({ summary: 'Revoke a local node: its connections are cut at once', answers: LocalNodeEndDto })
  revokeLocalNode(
    @PathValue('nodeId', parseLocalNodeId) nodeId: LocalNodeId,
    @CurrentPrincipal() principal: Principal,
    @WriteRequest() write: WriteContext,
  ): Promise<LocalNodeEndDto> {
    return this.commands.execute(new RevokeLocalNode(nodeId, principal, write));
  }

  @Post('local-nodes/:nodeId/leave')
  @DescribePath('nodeId', 'laptop-0a1b2c3d4e')
  @Idempotent({ summary: 'Leave the network with an own local node', answers: LocalNodeEndDto, forJoiners: true })
  leaveNetwork(
    @PathValue('nodeId', parseLocalNodeId) nodeId: LocalNodeId,
    @CurrentPrincipal() principal: Principal,
    @WriteRequest() write: WriteContext,
  ): Promise<LocalNodeEndDto> {
    return this.commands.execute(new LeaveNetwork(nodeId, principal, write));
  }

  @Post('local-nodes/:nodeId/mesh-keys')
  @DescribePath('nodeId', 'laptop-0a1b2c3d4e')
  @Route({
    summary: 'Get a key for the mesh, for an own local node',
    answers: MeshKeyDto,
    role: 'operator',
    status: 201,
    forJoiners: true,
  })
  requestLocalNodeMeshKey(
    @PathValue('nodeId', parseLocalNodeId) nodeId: LocalNodeId,
    @CurrentPrincipal() principal: Principal,
  ): Promise<MeshKeyDto> {
    return this.commands.execute(new RequestLocalNodeMeshKey(nodeId, principal));
  }
}
