import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import type { HistoryPageDto, ListHistoryQuery } from '#libs/contracts/http/history.js';
import type { StoredEvent } from '#libs/event-store/event-store.js';
import { changeKind } from '../status/change-descriptions.js';
import { NetworkPast } from '../status/network-past.js';
import { ListHistory } from './queries.js';

/** Versions read at a time, so that a filter that few changes pass does not hold a whole stream in memory. */
const AT_ONCE = 500;

/** Who changed what and when, the newest first. */
@QueryHandler(ListHistory)
export class ListHistoryHandler implements IQueryHandler<ListHistory> {
  constructor(private readonly past: NetworkPast) {}

  async execute({ network: name, filter }: ListHistory): Promise<HistoryPageDto> {
    const network = await this.past.find(name);
    const found: StoredEvent[] = [];
    const { since, until, cursor } = filter;
    const before = (time: string) => this.past.versionAt(network, { kind: 'time', at: new Date(Date.parse(time) - 1) });
    const last = until === undefined ? network.version : await before(until);
    const none = since === undefined ? 0 : await before(since);
    let upTo = cursor === undefined ? last : Math.min(cursor - 1, last);
    while (upTo > none) {
      const events = await this.past.events(network, Math.max(none, upTo - AT_ONCE), upTo);
      for (const event of events.toReversed()) {
        if (!passes(event, filter)) continue;
        if (found.length === filter.limit) {
          return { items: await this.past.changes(network, found), nextCursor: String(found.at(-1)?.streamVersion) };
        }
        found.push(event);
      }
      upTo -= AT_ONCE;
    }
    return { items: await this.past.changes(network, found), nextCursor: null };
  }
}

function passes({ actor, type }: StoredEvent, filter: ListHistoryQuery): boolean {
  return (
    (filter.actor === undefined || actor === filter.actor) &&
    (filter.kind === undefined || changeKind(type) === filter.kind)
  );
}
