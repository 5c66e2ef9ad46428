import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import type { NetworkFlowsDto } from '#libs/contracts/http/flows.js';
import type { ReachabilityDto } from '#libs/contracts/http/policy-views.js';
import type { Topology } from '#libs/policy/model.js';
import { sortedBy } from '#libs/policy/order.js';
import { policyEdges } from '#libs/policy/policy-edges.js';
import { RuleSources, selectorTextOf } from '#libs/policy/rule-sources.js';
import { ruleStandings } from '#libs/policy/rule-standings.js';
import { NetworkFlows } from '../status/network-flows.js';
import { NetworkViews } from './network-views.js';
import { ListFlows, ShowReachability } from './queries.js';

const MOST_EDGES = 20_000;
export const MOST_STANDINGS = 2_000;

/** A topology never changes: what it lets through is worked out once. */
const known = new WeakMap<Topology, ReachabilityDto>();

@QueryHandler(ShowReachability)
export class ShowReachabilityHandler implements IQueryHandler<ShowReachability> {
  constructor(private readonly views: NetworkViews) {}

  async execute({ network }: ShowReachability): Promise<ReachabilityDto> {
    const { topology } = this.views.find(network);
    const found = known.get(topology) ?? reachabilityDto(topology);
    known.set(topology, found);
    return found;
  }
}

@QueryHandler(ListFlows)
export class ListFlowsHandler implements IQueryHandler<ListFlows> {
  constructor(
    private readonly views: NetworkViews,
    private readonly flows: NetworkFlows,
  ) {}

  execute({ network }: ListFlows): Promise<NetworkFlowsDto> {
    return this.flows.of(this.views.find(network));
  }
}

function reachabilityDto(topology: Topology): ReachabilityDto {
  const sources = new RuleSources(topology);
  const { edges, leftOut } = policyEdges(topology, MOST_EDGES, sources);
  return {
    network: topology.name,
    version: topology.version,
    sandboxes: sortedBy(topology.sandboxes.values(), ({ sandboxId }) => sandboxId).map(
      ({ sandboxId, agentId, labels }) => ({ sandboxId, agentId, labels }),
    ),
    aliases: sortedBy(topology.aliases.values(), ({ alias }) => alias).map(({ alias, sandboxId, ports }) => ({
      ...{ alias, sandboxId, ports },
    })),
    edges: edges.map(({ source, alias, port, effect, ruleId }) => ({
      ...{ from: selectorTextOf(source), alias, port, effect, ruleId },
      since: topology.rules.get(ruleId)?.since ?? topology.version,
    })),
    edgesLeftOut: leftOut,
    rules: ruleStandings(topology, MOST_STANDINGS, sources),
  };
}
