import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { BUS_PROTOCOL } from '#libs/contracts/bus/protocol.js';
import type { ResolutionDto } from '#libs/contracts/http/aliases.js';
import { AliasNotFoundError } from '#libs/domain/network/refusals.js';
import { Questions } from '../delivery/questions.js';
import { agentReceiver } from '../delivery/receiver.js';
import { Directory } from '../record/directory.js';
import { requireNetwork } from '../record/require-network.js';
import { aliasDto } from '../status/descriptions.js';
import { ResolveAlias } from './queries.js';

@QueryHandler(ResolveAlias)
export class ResolveAliasHandler implements IQueryHandler<ResolveAlias> {
  constructor(
    private readonly directory: Directory,
    private readonly questions: Questions,
  ) {}

  async execute({ network, alias }: ResolveAlias): Promise<ResolutionDto> {
    const { topology, participants } = requireNetwork(this.directory, network);
    const record = topology.aliases.get(alias);
    if (record === undefined) throw new AliasNotFoundError(topology, alias);
    const { networkId, version } = topology;
    const question = { protocol: BUS_PROTOCOL, kind: 'resolve', networkId, alias } as const;
    const addresses = await Promise.all(
      participants.map(async (agentId) => {
        const reply = await this.questions.ask(agentReceiver(agentId), question);
        return { agentId, address: reply?.kind === 'resolve' ? reply.address : null };
      }),
    );
    return { ...aliasDto(topology, record), addresses, version };
  }
}
