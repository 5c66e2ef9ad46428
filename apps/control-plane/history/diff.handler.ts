import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import type { NetworkDiffDto } from '#libs/contracts/http/history.js';
import type { Moment } from '#libs/contracts/moments.js';
import { inForce } from '#libs/policy/in-force.js';
import type { NetworkView } from '#libs/policy/model.js';
import { BEFORE_ANY_END } from '#libs/policy/rule-ends.js';
import { wholeReachabilityChange } from '#libs/policy/whole-reachability.js';
import { NetworkPast, type PastNetwork } from '../status/network-past.js';
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
    const { gained, lost } = wholeReachabilityChange(
      standing(before, between.from),
      standing(after, between.to),
      BEFORE_ANY_END,
    );
    const [low, high] = [Math.min(first, second), Math.max(first, second)];
    const shown = Math.max(low, high - MOST_CHANGES);
    const events = await this.past.events(network, shown, high);
    return {
      ...{ network: name, from: before.version, to: after.version },
      gained: gained.slice(0, MOST_REACHED),
      gainedLeftOut: Math.max(0, gained.length - MOST_REACHED),
      lost: lost.slice(0, MOST_REACHED),
      lostLeftOut: Math.max(0, lost.length - MOST_REACHED),
      changes: await this.past.changes(network, events),
      changesLeftOut: shown - low,
    };
  }
}

/**
 * What agents served, with the rules that had not ended at that time; a version is taken as it began. null: nothing,
 * since the network did not exist or was quarantined.
 */
function standing({ topology, version }: PastNetwork, moment: Moment): NetworkView | null {
  const since = moment.kind === 'time' ? moment.at.getTime() : Date.parse(version.since ?? '');
  return topology === null || topology.quarantinedSince !== null ? null : inForce(topology, since);
}
