import { Inject } from '@nestjs/common';
import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { egressRuleText } from '#libs/contracts/egress-rules.js';
import type {
  DecidingRuleDto,
  ExplanationDto,
  ExplanationQuery,
  PastEnforcementDto,
  PastRole,
  PastVersionDto,
} from '#libs/contracts/http/history.js';
import type { AgentId, RuleId } from '#libs/contracts/ids.js';
import { ruleText } from '#libs/contracts/rules.js';
import { formatSelector, parseSelector } from '#libs/contracts/selectors.js';
import { evaluateServed } from '#libs/policy/evaluate-selector.js';
import type { Topology } from '#libs/policy/model.js';
import { partiesOf } from '#libs/policy/parties.js';
import { policyRemedy } from '#libs/policy/remedies.js';
import { BEFORE_ANY_END } from '#libs/policy/rule-ends.js';
import { AppliedLog } from '../applied/applied-log.js';
import { CLOCK, type Clock } from '../foundation/provided.js';
import { StoreEpoch } from '../record/store-epoch.js';
import { NetworkPast, type PastOfNetwork } from '../status/network-past.js';
import { verdictDto } from '../status/verdict-dto.js';
import { ExplainVerdict } from './queries.js';

/** What was decided at a moment, by which rule of whose making, and what the agents had applied by then. */
@QueryHandler(ExplainVerdict)
export class ExplainVerdictHandler implements IQueryHandler<ExplainVerdict> {
  constructor(
    private readonly past: NetworkPast,
    private readonly applied: AppliedLog,
    private readonly epoch: StoreEpoch,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async execute({ network: name, question }: ExplainVerdict): Promise<ExplanationDto> {
    const network = await this.past.find(name);
    const { at } = question;
    const version = at === undefined ? network.version : await this.past.versionAt(network, at);
    const { topology, version: described } = await this.past.existing(network, version);
    // What a version decided is asked as of its beginning, and what was applied of it as of its end.
    const nowMs =
      at?.kind === 'time' ? at.at.getTime() : at === undefined ? this.clock().getTime() : beginning(described);
    const verdict = decide(topology, question, nowMs);
    const by = at?.kind === 'time' ? at.at : described.until === null ? this.clock() : new Date(described.until);
    return {
      ...{ network: name, at: described, appliedBy: by.toISOString() },
      verdict: verdictDto(verdict, this.epoch.current),
      remedy: described.until === null ? policyRemedy(topology, question, verdict) : null,
      rule: verdict.ruleId === null ? null : await this.decidingRule(network, topology, verdict.ruleId),
      agents: await this.enforced(network, topology, question, { by, nowMs }),
    };
  }

  private async decidingRule(
    network: PastOfNetwork,
    topology: Topology,
    ruleId: RuleId,
  ): Promise<DecidingRuleDto | null> {
    const rule = topology.rules.get(ruleId);
    const egress = topology.egressRules.get(ruleId);
    const since = rule?.since ?? egress?.since;
    const made = since === undefined ? null : await this.past.change(network, since);
    if (made === null) return null;
    if (rule !== undefined) return { ruleId, text: ruleText({ ...rule, from: formatSelector(rule.from) }), made };
    if (egress === undefined) return null;
    return { ruleId, text: egressRuleText({ ...egress, from: formatSelector(egress.from) }), made };
  }

  private async enforced(
    network: PastOfNetwork,
    topology: Topology,
    question: ExplanationQuery,
    { by, nowMs }: { readonly by: Date; readonly nowMs: number },
  ): Promise<readonly PastEnforcementDto[]> {
    const { from, alias, port } = question;
    const parties = partiesOf(topology, parseSelector(from, 'from'), alias, port, nowMs);
    const roles = new Map<AgentId, PastRole[]>();
    for (const agentId of parties.sources) roles.set(agentId, ['source']);
    if (parties.target !== null) roles.set(parties.target, [...(roles.get(parties.target) ?? []), 'target']);
    const moment = { at: by, version: topology.version };
    const rows = await this.applied.heldAt(network.networkId, [...roles.keys()], moment);
    const held = new Map(rows.map((row) => [row.agentId, row]));
    const agents: PastEnforcementDto[] = [];
    for (const [agentId, own] of roles) {
      const row = held.get(agentId);
      const effect = row === undefined ? null : await this.effectAt(network, topology, row.version, question, nowMs);
      agents.push({
        ...{ agentId, roles: own, version: row?.version ?? null, appliedAt: row?.at.toISOString() ?? null, effect },
      });
    }
    return agents;
  }

  private async effectAt(
    network: PastOfNetwork,
    asked: Topology,
    version: number,
    question: ExplanationQuery,
    nowMs: number,
  ) {
    const topology = version === asked.version ? asked : (await this.past.at(network, version)).topology;
    return topology === null ? 'deny' : decide(topology, question, nowMs).effect;
  }
}

function beginning({ since }: PastVersionDto): number {
  return since === null ? BEFORE_ANY_END : Date.parse(since);
}

function decide(
  topology: Topology,
  { from, alias, port }: Pick<ExplanationQuery, 'from' | 'alias' | 'port'>,
  nowMs: number,
) {
  return evaluateServed(topology, parseSelector(from, 'from'), alias, port, nowMs);
}
