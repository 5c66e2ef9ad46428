import { Inject } from '@nestjs/common';
import { CommandHandler, type ICommandHandler, type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import type {
  DeclarationDto,
  DeclarationPreviewDto,
  DeclarationWriteDto,
  DeclaredChangesDto,
} from '#libs/contracts/http/declarations.js';
import { declarationOf } from '#libs/domain/network/declaration-of.js';
import type { NetworkEvent } from '#libs/domain/network/events.js';
import type { Topology } from '#libs/policy/model.js';
import { wholeReachabilityChange } from '#libs/policy/whole-reachability.js';
import { CLOCK, type Clock } from '../foundation/provided.js';
import { describeChange } from '../status/change-descriptions.js';
import { toldRules } from '../status/told-rules.js';
import { ApplyDeclaration } from './commands.js';
import { DeclaredCommands } from './declared-commands.js';
import { NetworkViews } from './network-views.js';
import { NetworkWrites } from './network-writes.js';
import { MOST_REACHED, Previews } from './previews.js';
import { PreviewDeclaration, ShowDeclaration } from './queries.js';

const MOST_CHANGES = 200;

@QueryHandler(ShowDeclaration)
export class ShowDeclarationHandler implements IQueryHandler<ShowDeclaration> {
  constructor(private readonly views: NetworkViews) {}

  async execute({ network }: ShowDeclaration): Promise<DeclarationDto> {
    const { topology } = this.views.find(network);
    return { network, version: topology.version, ...declarationOf(topology) };
  }
}

@CommandHandler(ApplyDeclaration)
export class ApplyDeclarationHandler implements ICommandHandler<ApplyDeclaration> {
  constructor(
    private readonly writes: NetworkWrites,
    private readonly declared: DeclaredCommands,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async execute({ network, body, write }: ApplyDeclaration): Promise<DeclarationWriteDto> {
    return this.writes.run({
      write,
      network,
      asked: ['ApplyDeclaration', body],
      command: (before) => this.declared.commandOf(body, before),
      describe: (events, after, before) => changesDto(events, before, after, this.clock().getTime()),
    });
  }
}

/** The same decision, not written, with the open connections that it would cut. */
@QueryHandler(PreviewDeclaration)
export class PreviewDeclarationHandler implements IQueryHandler<PreviewDeclaration> {
  constructor(
    private readonly previews: Previews,
    private readonly declared: DeclaredCommands,
  ) {}

  async execute({ network, body, overridesTests }: PreviewDeclaration): Promise<DeclarationPreviewDto> {
    const { preview, told, before } = await this.previews.of(
      network,
      (now) => this.declared.commandOf(body, now),
      () => () => false,
      overridesTests,
    );
    return { ...preview, ...inWords(told, before) };
  }
}

function changesDto(
  events: readonly NetworkEvent[],
  before: Topology,
  after: Topology,
  nowMs: number,
): DeclaredChangesDto {
  const { gained, lost } = wholeReachabilityChange(before, after, nowMs);
  return {
    ...inWords(events, before),
    gained: gained.slice(0, MOST_REACHED),
    gainedLeftOut: Math.max(0, gained.length - MOST_REACHED),
    lost: lost.slice(0, MOST_REACHED),
    lostLeftOut: Math.max(0, lost.length - MOST_REACHED),
  };
}

function inWords(events: readonly NetworkEvent[], before: Topology) {
  return {
    count: events.length,
    changes: events.slice(0, MOST_CHANGES).map((event) => describeChange(event, toldRules(before)).summary),
  };
}
