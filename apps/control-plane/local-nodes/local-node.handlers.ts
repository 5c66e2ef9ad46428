import { Inject, Injectable } from '@nestjs/common';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { LocalNodeCredentialsDto, LocalNodeEndDto } from '#libs/contracts/http/local-nodes.js';
import { type LocalNodeId, parseUserName } from '#libs/contracts/ids.js';
import { joinStatement } from '#libs/contracts/renewal.js';
import { type LocalNodeCommand, LocalNodeNotFoundError } from '#libs/domain/local-node/decide.js';
import { CLOCK, type Clock } from '../foundation/provided.js';
import { ForbiddenError } from '../http/errors.js';
import type { Principal } from '../http/request.js';
import type { WriteContext } from '../http/write-context.js';
import { EndLocalNodesOfToken } from '../identity/messages.js';
import { type Cut, cutAnswer, Revocations } from '../identity/revocations.js';
import { requireSignature } from '../identity/signed-request.js';
import { MeshKeyUpkeep } from '../mesh/mesh-key-upkeep.js';
import { requestThumbprint } from '../mesh/request-thumbprint.js';
import { LocalNodeContacts } from '../presence/local-node-contacts.js';
import { Directory } from '../record/directory.js';
import { requireNetwork } from '../record/require-network.js';
import { LocalNodeCredentials } from './local-node-credentials.js';
import { localNodeIdFor } from './local-node-id.js';
import { LocalNodeWrites } from './local-node-writes.js';
import { JoinNetwork, LeaveNetwork, RevokeLocalNode } from './messages.js';

@CommandHandler(JoinNetwork)
export class JoinNetworkHandler implements ICommandHandler<JoinNetwork> {
  constructor(
    private readonly directory: Directory,
    private readonly writes: LocalNodeWrites,
    private readonly credentials: LocalNodeCredentials,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async execute({ network, body, principal, write }: JoinNetwork): Promise<LocalNodeCredentialsDto> {
    const { machine, nkey, certificateRequest } = body;
    requireSignature(body, joinStatement({ ...body, network }), this.clock(), { code: 'JOIN', name: 'the join' });
    const { networkId } = requireNetwork(this.directory, network).topology;
    const user = parseUserName(principal.user, 'user');
    const nodeId = localNodeIdFor(machine, user, networkId, nkey);
    const meshKeyThumbprint = requestThumbprint(certificateRequest);
    const { tokenId, expiresAt: tokenExpiresAt } = principal;
    const application = { nodeId, user, network, networkId, nkey, certificateRequest, tokenExpiresAt };
    const command = (expiresAt: string): LocalNodeCommand => ({
      kind: 'JoinNetwork',
      ...{ nodeId, user, networkId, machine, nkey, meshKeyThumbprint, tokenId, expiresAt },
    });
    await this.writes.check(command(''));
    const credentials = await this.credentials.issue(application);
    const asked = { machine, nkey, certificateRequest };
    await this.writes.run(command(credentials.expiresAt), write, ['JoinNetwork', network, asked]);
    return credentials;
  }
}

/** What every way of ending a node needs. */
@Injectable()
export class LocalNodeEndings {
  constructor(
    private readonly directory: Directory,
    private readonly writes: LocalNodeWrites,
    private readonly revocations: Revocations,
    private readonly contacts: LocalNodeContacts,
    private readonly meshKeys: MeshKeyUpkeep,
  ) {}

  /** Users may end their own nodes, admins any node. Errors: LOCAL_NODE_NOT_FOUND, FORBIDDEN. */
  requireOwner(nodeId: LocalNodeId, principal: Principal): void {
    const node = this.directory.localNode(nodeId)?.state;
    if (node === undefined) throw new LocalNodeNotFoundError(nodeId);
    if (node.user !== principal.user && principal.role !== 'admin') throw new ForbiddenError(principal.role, 'admin');
  }

  /** Resolves when the node is off the bus and out of the mesh, or when either did not confirm in time. */
  async end(command: LocalNodeCommand, write: WriteContext): Promise<LocalNodeEndDto> {
    const { nodeId } = command;
    const changed = await this.writes.run(command, write, [command.kind, nodeId]);
    const [cut, meshNode] = await Promise.all([
      this.cutOff(nodeId),
      this.meshKeys.leftOf({ kind: 'local', id: nodeId }),
    ]);
    return { nodeId, changed, ...cutAnswer(cut), meshNode };
  }

  async endAllOfToken(tokenId: string): Promise<void> {
    for (const { state } of this.directory.localNodes()) {
      if (state.status !== 'joined' || state.tokenId !== tokenId) continue;
      await this.writes.bySystem({ kind: 'EndOfToken', nodeId: state.nodeId, tokenId }, tokenId);
      await this.cutOff(state.nodeId);
    }
  }

  private async cutOff(nodeId: LocalNodeId): Promise<Cut> {
    const cut = await this.revocations.cutOffLocalNode(nodeId);
    if (this.directory.localNode(nodeId)?.state.status !== 'joined') this.contacts.forget(nodeId);
    return cut;
  }
}

@CommandHandler(RevokeLocalNode)
export class RevokeLocalNodeHandler implements ICommandHandler<RevokeLocalNode> {
  constructor(private readonly endings: LocalNodeEndings) {}

  async execute({ nodeId, principal, write }: RevokeLocalNode): Promise<LocalNodeEndDto> {
    this.endings.requireOwner(nodeId, principal);
    return this.endings.end({ kind: 'RevokeLocalNode', nodeId, reason: `revoked by ${write.actor}` }, write);
  }
}

@CommandHandler(LeaveNetwork)
export class LeaveNetworkHandler implements ICommandHandler<LeaveNetwork> {
  constructor(private readonly endings: LocalNodeEndings) {}

  async execute({ nodeId, principal, write }: LeaveNetwork): Promise<LocalNodeEndDto> {
    this.endings.requireOwner(nodeId, principal);
    return this.endings.end({ kind: 'LeaveNetwork', nodeId }, write);
  }
}

@CommandHandler(EndLocalNodesOfToken)
export class EndLocalNodesOfTokenHandler implements ICommandHandler<EndLocalNodesOfToken> {
  constructor(private readonly endings: LocalNodeEndings) {}

  execute({ tokenId }: EndLocalNodesOfToken): Promise<void> {
    return this.endings.endAllOfToken(tokenId);
  }
}
