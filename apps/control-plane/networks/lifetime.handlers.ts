import { randomUUID } from 'node:crypto';
import { CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { NetworkCreationDto, NetworkDeletionDto } from '#libs/contracts/http/networks.js';
import { parseNetworkId } from '#libs/contracts/ids.js';
import { streamOf } from '#libs/domain/aggregate.js';
import { NETWORK } from '#libs/domain/network/aggregate.js';
import { decideNetwork } from '#libs/domain/network/decide.js';
import { NetworkExistsError } from '#libs/domain/network/refusals.js';
import { evolveNetworkThrough } from '#libs/domain/network/state.js';
import { ClaimTakenError, VersionConflictError } from '#libs/event-store/errors.js';
import { USUAL_MAX_STALENESS_SECONDS } from '#libs/policy/limits.js';
import type { Topology } from '#libs/policy/model.js';
import { networkNotFound } from '../http/errors.js';
import { CommandExecutor, jsonOf } from '../record/command-executor.js';
import { inFull } from '../record/kept-answer.js';
import { CreateNetwork, DeleteNetwork } from './commands.js';
import { NetworkViews } from './network-views.js';
import { NetworkWrites, nameClaim } from './network-writes.js';

@CommandHandler(CreateNetwork)
export class CreateNetworkHandler implements ICommandHandler<CreateNetwork> {
  constructor(
    private readonly executor: CommandExecutor,
    private readonly views: NetworkViews,
  ) {}

  async execute({ body, write }: CreateNetwork): Promise<NetworkCreationDto> {
    const networkId = parseNetworkId(randomUUID(), 'networkId');
    const { name } = body;
    try {
      const answer = await this.executor.execute({
        context: write,
        request: jsonOf(['CreateNetwork', body]),
        streamId: streamOf(NETWORK, networkId),
        load: async () => ({ state: null as Topology | null, version: 0 }),
        decide: (state) =>
          decideNetwork(
            {
              kind: 'CreateNetwork',
              networkId,
              name,
              mode: body.mode ?? 'agent_proxy',
              maxStalenessSeconds: body.maxStaleness ?? USUAL_MAX_STALENESS_SECONDS,
            },
            state,
          ),
        answer: ({ events, warnings }) => {
          const topology = evolveNetworkThrough(null, events);
          if (topology === null) throw networkNotFound(name);
          const result = this.views.created(topology, new Date().toISOString());
          return { network: name, version: topology.version, changed: true, unchangedSince: null, result, warnings };
        },
        claims: [nameClaim(name)],
      });
      return inFull(answer);
    } catch (error) {
      if (error instanceof VersionConflictError) throw error.named(`network ${name}`);
      throw error instanceof ClaimTakenError ? new NetworkExistsError(name) : error;
    }
  }
}

@CommandHandler(DeleteNetwork)
export class DeleteNetworkHandler implements ICommandHandler<DeleteNetwork> {
  constructor(private readonly writes: NetworkWrites) {}

  execute({ network, detachAll, write }: DeleteNetwork): Promise<NetworkDeletionDto> {
    return this.writes.run({
      write,
      network,
      asked: ['DeleteNetwork', detachAll],
      command: () => ({ kind: 'DeleteNetwork', detachAll }),
      describe: ({ detached }) => ({ detached }),
      releasesName: true,
    });
  }
}
