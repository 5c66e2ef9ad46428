import { Inject } from '@nestjs/common';
import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import type { Epoch } from '#libs/contracts/bus-messages.js';
import type { NetworkStatusDto } from '#libs/contracts/http/status.js';
import { NetworkViews } from '../networks/network-views.js';
import { STORE_EPOCH } from '../provided.js';
import { NetworkStatuses } from './network-statuses.js';
import { ShowNetworkStatus } from './queries.js';

@QueryHandler(ShowNetworkStatus)
export class ShowNetworkStatusHandler implements IQueryHandler<ShowNetworkStatus> {
  constructor(
    private readonly views: NetworkViews,
    private readonly statuses: NetworkStatuses,
    @Inject(STORE_EPOCH) private readonly epoch: Epoch,
  ) {}

  async execute({ network }: ShowNetworkStatus): Promise<NetworkStatusDto> {
    const record = this.views.find(network);
    return {
      network,
      version: record.topology.version,
      epoch: this.epoch,
      status: this.statuses.ofNetwork(record),
      localNodes: this.statuses.localNodes(record),
      agents: record.participants.map((agentId) => this.statuses.describe(record, agentId)),
    };
  }
}
