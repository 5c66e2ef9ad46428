import { Inject } from '@nestjs/common';
import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import type { VerdictDto } from '#libs/contracts/http/diagnostics.js';
import { parseSelector } from '#libs/contracts/selectors.js';
import { evaluateSelector } from '#libs/policy/evaluate-selector.js';
import { CLOCK, type Clock } from '../foundation/provided.js';
import { Directory } from '../record/directory.js';
import { requireNetwork } from '../record/require-network.js';
import { StoreEpoch } from '../record/store-epoch.js';
import { verdictDto } from '../status/verdict-dto.js';
import { ShowVerdict } from './queries.js';

/** The verdict alone, by the function that decides live traffic: nobody is asked. */
@QueryHandler(ShowVerdict)
export class ShowVerdictHandler implements IQueryHandler<ShowVerdict> {
  constructor(
    private readonly directory: Directory,
    private readonly epoch: StoreEpoch,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async execute({ network, question: { from, alias, port } }: ShowVerdict): Promise<VerdictDto> {
    const { topology } = requireNetwork(this.directory, network);
    const verdict = evaluateSelector(topology, parseSelector(from, 'from'), alias, port, this.clock().getTime());
    return verdictDto(verdict, this.epoch.current);
  }
}
