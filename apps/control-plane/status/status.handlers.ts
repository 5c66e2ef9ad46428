import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import type { NetworkStatusDto } from '#libs/contracts/http/status.js';
import type { NetworkName } from '#libs/contracts/ids.js';
import { Regressions } from '../applied/regressions.js';
import { Directory } from '../record/directory.js';
import { agentsConcerned } from '../record/network-record.js';
import { requireNetwork } from '../record/require-network.js';
import { StoreEpoch } from '../record/store-epoch.js';
import { troublesOf } from './descriptions.js';
import { NetworkStatuses } from './network-statuses.js';
import { ShowNetworkStatus } from './queries.js';
import { SandboxPlacements } from './sandbox-placements.js';

@QueryHandler(ShowNetworkStatus)
export class ShowNetworkStatusHandler implements IQueryHandler<ShowNetworkStatus> {
  constructor(
    private readonly statuses: NetworkStatuses,
    private readonly placements: SandboxPlacements,
    private readonly epoch: StoreEpoch,
    private readonly regressions: Regressions,
    private readonly directory: Directory,
  ) {}

  async execute({ network }: ShowNetworkStatus): Promise<NetworkStatusDto> {
    const unknown = this.unknown(network);
    if (unknown !== null) return unknown;
    const record = requireNetwork(this.directory, network);
    return {
      network,
      version: record.topology.version,
      epoch: this.epoch.current,
      status: this.statuses.ofNetwork(record),
      localNodes: this.statuses.localNodes(record),
      placements: this.placements.notable(record),
      ...troublesOf(record),
      agents: agentsConcerned(record).map((agentId) => this.statuses.describe(record, agentId)),
    };
  }

  /** A network that only agents know, by the name in their snapshots. */
  private unknown(network: NetworkName): NetworkStatusDto | null {
    if (this.directory.networkNamed(network) !== null) return null;
    const named = this.regressions.unknownNetworks().find(({ name }) => name === network);
    if (named === undefined) return null;
    return {
      network,
      version: 0,
      epoch: this.epoch.current,
      status: 'EPOCH_REGRESSED',
      localNodes: [],
      placements: [],
      unreadable: null,
      quarantinedSince: null,
      agents: named.found.map(({ agentId, claim, detail }) => ({
        agentId,
        status: 'FAILED',
        appliedVersion: claim.version,
        appliedAt: null,
        lastContactAt: null,
        mesh: null,
        failures: [],
        refusedFlows: [],
        flowsCut: null,
        tookMs: null,
        reason: `EPOCH_REGRESSED: ${detail}`,
      })),
    };
  }
}
