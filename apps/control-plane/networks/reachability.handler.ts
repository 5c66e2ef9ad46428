import { Inject } from '@nestjs/common';
import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import type { NetworkFlowsDto } from '#libs/contracts/http/flows.js';
import type { ReachabilityDto } from '#libs/contracts/http/policy-views.js';
import { inForce } from '#libs/policy/in-force.js';
import type { NetworkView, Topology } from '#libs/policy/model.js';
import { sortedBy } from '#libs/policy/order.js';
import { policyEdges } from '#libs/policy/policy-edges.js';
import { RuleSources, selectorTextOf } from '#libs/policy/rule-sources.js';
import { ruleStandings } from '#libs/policy/rule-standings.js';
import { CLOCK, type Clock } from '../foundation/provided.js';
import { NetworkFlows } from '../status/network-flows.js';
import { NetworkViews } from './network-views.js';
import { ListFlows, ShowReachability } from './queries.js';

const MOST_EDGES = 20_000;
export const MOST_STANDINGS = 2_000;

/** What a topology lets through is worked out once, and again when one of its rules has ended. */
const known = new WeakMap<NetworkView, ReachabilityDto>();

@QueryHandler(ShowReachability)
export class ShowReachabilityHandler implements IQueryHandler<ShowReachability> {
  constructor(
    private readonly views: NetworkViews,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async execute({ network }: ShowReachability): Promise<ReachabilityDto> {
    const { topology } = this.views.find(network);
    const nowMs = this.clock().getTime();
    const standing = inForce(topology, nowMs);
    const found = known.get(standing) ?? reachabilityDto(topology, nowMs);
    known.set(standing, found);
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

function reachabilityDto(topology: Topology, nowMs: number): ReachabilityDto {
  const sources = new RuleSources(topology);
  const { edges, leftOut } = policyEdges(topology, MOST_EDGES, nowMs, sources);
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
    rules: ruleStandings(topology, MOST_STANDINGS, nowMs, sources),
  };
}
