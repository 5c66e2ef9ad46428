import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { printEgressRule } from '#libs/contracts/egress-rules.js';
import type { AuthoredRuleDto } from '#libs/contracts/http/diagnostics.js';
import type { RuleId } from '#libs/contracts/ids.js';
import { printRule } from '#libs/contracts/rules.js';
import { streamOf } from '#libs/domain/aggregate.js';
import { NETWORK } from '#libs/domain/network/aggregate.js';
import type { EventStore } from '#libs/event-store/event-store.js';
import type { Topology } from '#libs/policy/model.js';
import { EVENT_STORE, LOGGER } from '../foundation/provided.js';

/** Rules with their authors, which only the log knows: the event of the version that brought the rule. */
@Injectable()
export class DecidingRules {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** While the log cannot be read, the rule comes without its author: the verdict needs no log. */
  async of(topology: Topology, ruleId: RuleId | null): Promise<AuthoredRuleDto | null> {
    if (ruleId === null) return null;
    const rule = topology.rules.get(ruleId);
    const egressRule = topology.egressRules.get(ruleId);
    const since = rule?.since ?? egressRule?.since;
    const printed =
      rule !== undefined ? printRule(rule) : egressRule !== undefined ? printEgressRule(egressRule) : null;
    if (printed === null || since === undefined) return null;
    const { id, effect, from, to, port } = printed;
    return { id, effect, from, to, port, ...(await this.authorOf(topology, since)) };
  }

  private async authorOf({ networkId }: Topology, version: number): Promise<Pick<AuthoredRuleDto, 'by' | 'at'>> {
    try {
      const [event] = await this.store.readStream(streamOf(NETWORK, networkId), version - 1, version);
      return { by: event?.actor ?? null, at: event?.recordedAt ?? null };
    } catch (error) {
      this.logger.warn({ err: error, networkId, version }, 'the author of a rule was not read');
      return { by: null, at: null };
    }
  }
}
