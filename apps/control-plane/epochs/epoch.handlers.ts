import { Inject } from '@nestjs/common';
import { CommandHandler, type ICommandHandler, type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import type { Logger } from 'pino';
import type { EpochPreviewDto, RegressedNetworkDto, StartedEpochDto } from '#libs/contracts/http/epochs.js';
import type { NetworkId } from '#libs/contracts/ids.js';
import { reachabilityChange, reachedText } from '#libs/policy/reachability.js';
import { viewOf } from '#libs/policy/view.js';
import { type Regression, Regressions } from '../applied/regressions.js';
import { CLOCK, type Clock, LOGGER } from '../foundation/provided.js';
import { Directory } from '../record/directory.js';
import { SeenHead } from '../record/seen-head.js';
import { StoreEpoch } from '../record/store-epoch.js';
import { HeldSnapshots } from './held-snapshots.js';
import { PreviewEpoch, StartEpoch } from './messages.js';

const MOST_LINES = 200;

/** The highest epoch that an agent proved to follow. */
function highestClaimed(regressions: Regressions): number {
  return regressions.all().reduce((highest, { claim }) => Math.max(highest, claim.epoch.counter), 0);
}

/** What a new epoch would change: what agents hold, by their own signed snapshots, beside what the store says. */
@QueryHandler(PreviewEpoch)
export class PreviewEpochHandler implements IQueryHandler<PreviewEpoch> {
  constructor(
    private readonly directory: Directory,
    private readonly regressions: Regressions,
    private readonly epoch: StoreEpoch,
    private readonly held: HeldSnapshots,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async execute(): Promise<EpochPreviewDto> {
    const { current } = this.epoch;
    const byNetwork = Map.groupBy(this.regressions.all(), ({ networkId }) => networkId);
    return {
      epoch: current,
      next: Math.max(current.counter, highestClaimed(this.regressions)) + 1,
      networks: await Promise.all([...byNetwork].map(([id, found]) => this.compare(id, found))),
    };
  }

  private async compare(networkId: NetworkId, found: readonly Regression[]): Promise<RegressedNetworkDto> {
    const record = this.directory.network(networkId);
    const topology = record === null || record.topology.deleted ? null : record.topology;
    const snapshots = await Promise.all(found.map(({ agentId }) => this.held.of(agentId, networkId)));
    const [gained, lost] = [new Set<string>(), new Set<string>()];
    for (const snapshot of snapshots) {
      if (snapshot === null) continue;
      const change = reachabilityChange(
        snapshot.participates ? viewOf(snapshot) : null,
        topology,
        this.clock().getTime(),
      );
      for (const reached of change.gained) gained.add(reachedText(reached));
      for (const reached of change.lost) lost.add(reachedText(reached));
    }
    return {
      id: networkId,
      name: topology?.name ?? snapshots.find((snapshot) => snapshot !== null)?.name ?? found[0]?.networkName ?? null,
      version: topology?.version ?? null,
      agents: found.map(({ agentId, claim, detail }, index) => ({
        agentId,
        epoch: claim.epoch.counter,
        version: claim.version,
        detail,
        compared: snapshots[index] !== null,
      })),
      gained: [...gained].slice(0, MOST_LINES),
      lost: [...lost].slice(0, MOST_LINES),
      notListed: Math.max(0, gained.size - MOST_LINES) + Math.max(0, lost.size - MOST_LINES),
    };
  }
}

/** Starts an epoch that every agent follows, whatever it holds of earlier ones. Error: EpochMovedError. */
@CommandHandler(StartEpoch)
export class StartEpochHandler implements ICommandHandler<StartEpoch> {
  constructor(
    private readonly regressions: Regressions,
    private readonly epoch: StoreEpoch,
    private readonly head: SeenHead,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async execute({ after, actor }: StartEpoch): Promise<StartedEpochDto> {
    const epoch = await this.epoch.begin(after, highestClaimed(this.regressions), actor, (next) =>
      this.head.signed(next),
    );
    this.logger.warn({ epoch, actor }, 'an operator started a new epoch');
    return { epoch };
  }
}
