import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import type { NetworkStatusDto } from '#libs/contracts/http/status.js';
import { NetworkViews } from '../networks/network-views.js';
import { NetworkStatuses } from './network-statuses.js';
import { ShowNetworkStatus } from './queries.js';
import { StoreEpoch } from './store-epoch.js';

@QueryHandler(ShowNetworkStatus)
export class ShowNetworkStatusHandler implements IQueryHandler<ShowNetworkStatus> {
  constructor(
    private readonly views: NetworkViews,
    private readonly statuses: NetworkStatuses,
    private readonly epoch: StoreEpoch,
  ) {}

  async execute({ network }: ShowNetworkStatus): Promise<NetworkStatusDto> {
    const record = this.views.find(network);
    return {
      network,
      version: record.topology.version,
      epoch: this.epoch.current,
      status: this.statuses.ofNetwork(record),
      localNodes: this.statuses.localNodes(record),
      agents: record.participants.map((agentId) => this.statuses.describe(record, agentId)),
    };
  }
}
