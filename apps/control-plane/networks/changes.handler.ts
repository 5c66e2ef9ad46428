import { Inject } from '@nestjs/common';
import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import type { ChangesDto } from '#libs/contracts/http/changes.js';
import { streamOf } from '#libs/domain/aggregate.js';
import { NETWORK } from '#libs/domain/network/aggregate.js';
import type { EventStore } from '#libs/event-store/event-store.js';
import { EVENT_STORE } from '../foundation/provided.js';
import { changeDto } from '../status/change-descriptions.js';
import { NetworkPast } from '../status/network-past.js';
import { NetworkViews } from './network-views.js';
import { ListChanges } from './queries.js';

/** What has changed since a version that the requester knows. */
@QueryHandler(ListChanges)
export class ListChangesHandler implements IQueryHandler<ListChanges> {
  constructor(
    private readonly views: NetworkViews,
    private readonly past: NetworkPast,
    @Inject(EVENT_STORE) private readonly store: EventStore,
  ) {}

  async execute({ network, filter: { after, limit } }: ListChanges): Promise<ChangesDto> {
    const { topology, streamVersion } = this.views.find(network);
    const { networkId } = topology;
    const from = Math.max(after, streamVersion - limit);
    const events = await this.store.readStream(streamOf(NETWORK, networkId), from);
    const rules = await this.past.rulesRemovedBy({ networkId, name: network, version: streamVersion }, events);
    return {
      network,
      version: topology.version,
      items: events.map((event) => changeDto(event, networkId, network, rules)),
      leftOut: Math.max(0, from - after),
    };
  }
}
