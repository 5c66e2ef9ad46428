import { Injectable } from '@nestjs/common';
import { printEgressRule } from '#libs/contracts/egress-rules.js';
import type { AuthoredRuleDto } from '#libs/contracts/http/diagnostics.js';
import type { RuleId } from '#libs/contracts/ids.js';
import { printRule } from '#libs/contracts/rules.js';
import type { Topology } from '#libs/policy/model.js';
import { RuleAuthors } from '../status/rule-authors.js';

/** The rules behind verdicts, with their authors. */
@Injectable()
export class DecidingRules {
  constructor(private readonly authors: RuleAuthors) {}

  /** If the log cannot be read, the rule is shown without its author, since the verdict does not depend on it. */
  async of(topology: Topology, ruleId: RuleId | null): Promise<AuthoredRuleDto | null> {
    if (ruleId === null) return null;
    const rule = topology.rules.get(ruleId);
    const egressRule = topology.egressRules.get(ruleId);
    const since = rule?.since ?? egressRule?.since;
    const printed =
      rule !== undefined ? printRule(rule) : egressRule !== undefined ? printEgressRule(egressRule) : null;
    if (printed === null || since === undefined) return null;
    const { id, effect, from, to, port, until } = printed;
    const [author = { by: null, at: null }] = await this.authors.of(topology, [{ since }]);
    return { id, effect, from, to, port, ...(until === undefined ? {} : { until }), ...author };
  }
}
