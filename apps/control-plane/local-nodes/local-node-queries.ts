import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import type { LocalNodeDto, LocalNodePageDto } from '#libs/contracts/http/local-nodes.js';
import { streamOf } from '#libs/domain/aggregate.js';
import { LOCAL_NODE } from '#libs/domain/local-node/aggregate.js';
import { LocalNodeNotFoundError } from '#libs/domain/local-node/decide.js';
import type { LocalNodeState } from '#libs/domain/local-node/state.js';
import { pageOf } from '../http/paging.js';
import { LocalNodeContacts } from '../presence/local-node-contacts.js';
import { Directory } from '../record/directory.js';
import { unreadableDto } from '../status/descriptions.js';
import { ListLocalNodes, ShowLocalNode } from './messages.js';

@QueryHandler(ListLocalNodes)
export class ListLocalNodesHandler implements IQueryHandler<ListLocalNodes> {
  constructor(
    private readonly directory: Directory,
    private readonly contacts: LocalNodeContacts,
  ) {}

  async execute({ filter }: ListLocalNodes): Promise<LocalNodePageDto> {
    const nodes = this.directory
      .localNodes()
      .map(({ state }) => describeLocalNode(state, this.directory, this.contacts))
      .filter(
        (node) =>
          (filter.network === undefined || node.network === filter.network) &&
          (filter.user === undefined || node.user === filter.user) &&
          (filter.status === undefined || node.status === filter.status),
      );
    return pageOf(nodes, ({ id }) => id, filter);
  }
}

@QueryHandler(ShowLocalNode)
export class ShowLocalNodeHandler implements IQueryHandler<ShowLocalNode> {
  constructor(
    private readonly directory: Directory,
    private readonly contacts: LocalNodeContacts,
  ) {}

  async execute({ nodeId }: ShowLocalNode): Promise<LocalNodeDto> {
    const record = this.directory.localNode(nodeId);
    if (record === null) throw new LocalNodeNotFoundError(nodeId);
    return describeLocalNode(record.state, this.directory, this.contacts);
  }
}

function describeLocalNode(state: LocalNodeState, directory: Directory, contacts: LocalNodeContacts): LocalNodeDto {
  const { nodeId, user, machine, networkId, reason, expiresAt } = state;
  const contact = contacts.of(nodeId);
  return {
    id: nodeId,
    user,
    network: directory.network(networkId)?.topology.name ?? '',
    machine,
    status: contacts.statusOf(state),
    reason,
    appliedVersion: contact?.appliedVersion ?? null,
    lastContactAt: contact?.lastContactAt.toISOString() ?? null,
    mesh: contacts.meshOf(state),
    expiresAt,
    unreadable: unreadableDto(directory.unreadable(streamOf(LOCAL_NODE, nodeId))),
  };
}
