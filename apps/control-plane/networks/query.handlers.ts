import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import type { AliasPageDto } from '#libs/contracts/http/aliases.js';
import type { AttachmentPageDto } from '#libs/contracts/http/attachments.js';
import type { NetworkDto, NetworkPageDto } from '#libs/contracts/http/networks.js';
import type { RulePageDto } from '#libs/contracts/http/rules.js';
import { printRule } from '#libs/contracts/rules.js';
import { Regressions } from '../applied/regressions.js';
import { pageOf } from '../http/paging.js';
import { Directory } from '../record/directory.js';
import { AliasListeners } from '../status/alias-listeners.js';
import { aliasDto, hasLabel } from '../status/descriptions.js';
import { NetworkStatuses } from '../status/network-statuses.js';
import { NetworkViews } from './network-views.js';
import { ListAliases, ListAttachments, ListNetworks, ListRules, ShowNetwork } from './queries.js';
import { RuleLists } from './rule-lists.js';

@QueryHandler(ListNetworks)
export class ListNetworksHandler implements IQueryHandler<ListNetworks> {
  constructor(
    private readonly directory: Directory,
    private readonly statuses: NetworkStatuses,
    private readonly views: NetworkViews,
    private readonly regressions: Regressions,
  ) {}

  async execute({ filter }: ListNetworks): Promise<NetworkPageDto> {
    const { label, status } = filter;
    const records = this.directory.networks().filter((record) => {
      if (status !== undefined && this.statuses.ofNetwork(record) !== status) return false;
      if (label === undefined) return true;
      return [...record.topology.sandboxes.values()].some(({ labels }) => hasLabel(labels, label));
    });
    const page = pageOf(records, ({ topology }) => topology.name, filter);
    const unknown = this.regressions.unknownNetworks().map(({ networkId, name, found }) => ({
      ...{ id: networkId, name },
      agents: found.map(({ agentId }) => agentId).sort(),
    }));
    return { items: page.items.map((record) => this.views.network(record)), nextCursor: page.nextCursor, unknown };
  }
}

@QueryHandler(ShowNetwork)
export class ShowNetworkHandler implements IQueryHandler<ShowNetwork> {
  constructor(private readonly views: NetworkViews) {}

  async execute({ network }: ShowNetwork): Promise<NetworkDto> {
    return this.views.network(this.views.find(network));
  }
}

@QueryHandler(ListAttachments)
export class ListAttachmentsHandler implements IQueryHandler<ListAttachments> {
  constructor(private readonly views: NetworkViews) {}

  async execute({ network, filter }: ListAttachments): Promise<AttachmentPageDto> {
    const { topology } = this.views.find(network);
    const { label } = filter;
    const attached = [...topology.sandboxes.values()].filter(
      ({ labels }) => label === undefined || hasLabel(labels, label),
    );
    const page = pageOf(attached, ({ sandboxId }) => sandboxId, filter);
    return {
      items: page.items.map(({ sandboxId }) => this.views.attachment(topology, sandboxId)),
      nextCursor: page.nextCursor,
    };
  }
}

@QueryHandler(ListAliases)
export class ListAliasesHandler implements IQueryHandler<ListAliases> {
  constructor(
    private readonly views: NetworkViews,
    private readonly listeners: AliasListeners,
  ) {}

  async execute({ network, filter }: ListAliases): Promise<AliasPageDto> {
    const record = this.views.find(network);
    const { topology } = record;
    const page = pageOf([...topology.aliases.values()], ({ alias }) => alias, filter);
    const listenersOf = this.listeners.of(record);
    const items = page.items.map((alias) => ({ ...aliasDto(topology, alias), listeners: listenersOf(alias) }));
    return { items, nextCursor: page.nextCursor };
  }
}

@QueryHandler(ListRules)
export class ListRulesHandler implements IQueryHandler<ListRules> {
  constructor(
    private readonly views: NetworkViews,
    private readonly lists: RuleLists,
  ) {}

  async execute({ network, filter }: ListRules): Promise<RulePageDto> {
    const { topology } = this.views.find(network);
    return this.lists.page(topology, topology.rules.values(), filter, printRule);
  }
}
