import { Inject, Injectable } from '@nestjs/common';
import type { PreviewDto, RuleChangeDto } from '#libs/contracts/http/previews.js';
import type { NetworkName } from '#libs/contracts/ids.js';
import type { NetworkCommandKind, NetworkResultOf } from '#libs/domain/network/commands.js';
import type { Topology } from '#libs/policy/model.js';
import { ruleStandings } from '#libs/policy/rule-standings.js';
import { wholeReachabilityChange } from '#libs/policy/whole-reachability.js';
import { CLOCK, type Clock } from '../foundation/provided.js';
import { NetworkFlows } from '../status/network-flows.js';
import { NetworkViews } from './network-views.js';
import { type CommandOn, NetworkWrites } from './network-writes.js';
import { previewedCuts } from './previewed-cuts.js';
import { MOST_STANDINGS } from './reachability.handler.js';

export const MOST_REACHED = 200;

/** Whether a write is about flows to this alias, or name outside, and port. */
export type IsAbout = (alias: string, port: number) => boolean;

export interface Previewed<Kind extends NetworkCommandKind> {
  readonly preview: PreviewDto;
  readonly told: NetworkResultOf<Kind>;
  readonly before: Topology;
}

/** What a write would do: refused as that would be, and compared with the present by what decides live traffic. */
@Injectable()
export class Previews {
  constructor(
    private readonly views: NetworkViews,
    private readonly writes: NetworkWrites,
    private readonly flows: NetworkFlows,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async of<Kind extends NetworkCommandKind>(
    network: NetworkName,
    command: CommandOn<Kind>,
    isAbout: (before: Topology, after: Topology) => IsAbout,
    overridesTests: boolean,
  ): Promise<Previewed<Kind>> {
    const previewed = await this.writes.preview(network, command, overridesTests);
    const { told, before, after, changed, unchangedSince, warnings } = previewed;
    const then = after.deleted ? null : after;
    const nowMs = this.clock().getTime();
    const { gained, lost } = wholeReachabilityChange(before, then, nowMs);
    const flows = await this.flows.of(this.views.find(network));
    const preview = {
      ...{ network, version: before.version, changed, unchangedSince, warnings },
      gained: gained.slice(0, MOST_REACHED),
      gainedLeftOut: Math.max(0, gained.length - MOST_REACHED),
      lost: lost.slice(0, MOST_REACHED),
      lostLeftOut: Math.max(0, lost.length - MOST_REACHED),
      rules: changed && then !== null ? ruleChanges(before, then, nowMs) : [],
      cuts: previewedCuts(flows, before, then, nowMs, isAbout(before, after)),
    };
    return { preview, told, before };
  }
}

/** Rules of both versions that do nothing in one of them, or nothing for another reason. */
function ruleChanges(before: Topology, after: Topology, nowMs: number): readonly RuleChangeDto[] {
  const was = new Map(ruleStandings(before, MOST_STANDINGS, nowMs).map(({ ruleId, idle }) => [ruleId, idle]));
  return ruleStandings(after, MOST_STANDINGS, nowMs).flatMap(({ ruleId, idle }) => {
    const former = was.get(ruleId);
    return former === undefined || former === idle ? [] : { ruleId, before: former, after: idle };
  });
}
