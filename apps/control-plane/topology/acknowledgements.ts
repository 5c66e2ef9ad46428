import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import type { AppliedMessage, Epoch, NetworkVersion } from '#libs/contracts/bus-messages.js';
import type { AgentId, NetworkId } from '#libs/contracts/ids.js';
import { LOGGER, STORE_EPOCH } from '../provided.js';
import { AgentStates } from './agent-states.js';
import { AppliedLog } from './applied-log.js';
import { Directory } from './directory.js';
import { regressionOf } from './regression-check.js';
import { Regressions } from './regressions.js';

/** Takes what agents say they applied: into the log first, then into what is known of them. */
@Injectable()
export class Acknowledgements {
  constructor(
    private readonly log: AppliedLog,
    private readonly states: AgentStates,
    private readonly directory: Directory,
    private readonly regressions: Regressions,
    @Inject(STORE_EPOCH) private readonly epoch: Epoch,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Resolves when the acknowledgement is in the log. */
  async take(agentId: AgentId, message: AppliedMessage): Promise<void> {
    if (message.outcome === 'applied') {
      this.check(agentId, message.networkId, { ...message, version: message.to });
    }
    await this.log.append(agentId, message);
    this.states.take(agentId, message);
  }

  /** A repetition, as heartbeats carry it: what is known already costs nothing. */
  repeat(agentId: AgentId, message: AppliedMessage): void {
    const known = this.states.of(agentId, message.networkId);
    if (known !== null && JSON.stringify(known) === JSON.stringify(message)) return;
    this.take(agentId, message).catch((error: unknown) =>
      this.logger.warn({ err: error, agentId }, 'acknowledgement not written'),
    );
  }

  /** Stops publishing for a network when an agent holds what this store never wrote. */
  check(agentId: AgentId, networkId: NetworkId, held: Pick<NetworkVersion, 'epoch' | 'version' | 'hash'>): void {
    const topology = this.directory.network(networkId)?.topology ?? null;
    const detail = regressionOf(held, agentId, topology, this.epoch);
    if (detail === null || !this.regressions.report(networkId, { agentId, detail })) return;
    this.logger.error({ agentId, networkId, code: 'EPOCH_REGRESSED', detail }, 'publishing for this network stops');
  }
}
