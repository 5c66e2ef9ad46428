import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import type { NetworkDiffDto } from '#libs/contracts/http/history.js';
import { wholeReachabilityChange } from '#libs/policy/whole-reachability.js';
import { NetworkPast, pastChangeDto } from '../status/network-past.js';
import { DiffNetwork } from './queries.js';

const MOST_REACHED = 2_000;
const MOST_CHANGES = 500;

/** What two versions of a network let through differently, by the function that decides live traffic. */
@QueryHandler(DiffNetwork)
export class DiffNetworkHandler implements IQueryHandler<DiffNetwork> {
  constructor(private readonly past: NetworkPast) {}

  async execute({ network: name, between }: DiffNetwork): Promise<NetworkDiffDto> {
    const network = await this.past.find(name);
    const first = await this.past.versionAt(network, between.from);
    const second = await this.past.versionAt(network, between.to);
    const before = await this.past.at(network, first);
    const after = await this.past.at(network, second);
    const { gained, lost } = wholeReachabilityChange(before.topology, after.topology);
    const [low, high] = [Math.min(first, second), Math.max(first, second)];
    const shown = Math.max(low, high - MOST_CHANGES);
    const events = await this.past.events(network, shown, high);
    return {
      ...{ network: name, from: before.version, to: after.version },
      gained: gained.slice(0, MOST_REACHED),
      gainedLeftOut: Math.max(0, gained.length - MOST_REACHED),
      lost: lost.slice(0, MOST_REACHED),
      lostLeftOut: Math.max(0, lost.length - MOST_REACHED),
      changes: events.map((event) => pastChangeDto(event, network)),
      changesLeftOut: shown - low,
    };
  }
}
