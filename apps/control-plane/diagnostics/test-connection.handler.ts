import { Inject } from '@nestjs/common';
import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { BUS_PROTOCOL, CHECK_CODES, type Epoch } from '#libs/contracts/bus-messages.js';
import type { CheckDto, MemberVerdictDto, TestRequestDto, TestResultDto } from '#libs/contracts/http/diagnostics.js';
import type { AgentId } from '#libs/contracts/ids.js';
import { parseSelector } from '#libs/contracts/selectors.js';
import { evaluateSelector } from '#libs/topology/evaluate-selector.js';
import type { SelectorVerdict, Topology } from '#libs/topology/model.js';
import { NetworkViews } from '../networks/network-views.js';
import { STORE_EPOCH } from '../provided.js';
import { AgentQuestions } from './agent-questions.js';
import { noLocalNode, noTarget, policyCheck, silentAgent, unplaced } from './own-checks.js';
import { partiesOf } from './parties.js';
import { TestConnection } from './queries.js';

/** One verdict, by the function that decides live traffic, and what source and target see of themselves. */
@QueryHandler(TestConnection)
export class TestConnectionHandler implements IQueryHandler<TestConnection> {
  constructor(
    private readonly views: NetworkViews,
    private readonly questions: AgentQuestions,
    @Inject(STORE_EPOCH) private readonly epoch: Epoch,
  ) {}

  async execute({ network, question }: TestConnection): Promise<TestResultDto> {
    const { topology } = this.views.find(network);
    const { from, alias, port } = question;
    const selector = parseSelector(from, 'from');
    const verdict = evaluateSelector(topology, selector, alias, port);
    const { sources, unplacedSources, target } = partiesOf(topology, selector, alias);
    const record = topology.aliases.get(alias);
    const isLocal = selector.kind === 'local' || selector.kind === 'local-user';
    const [sourceChecks, targetChecks] = await Promise.all([
      Promise.all(sources.map((agentId) => this.ask(agentId, 'source', topology, question))),
      target === null ? [] : this.ask(target, 'target', topology, question),
    ]);
    const checks = inOrder([
      ...sourceChecks.flat(),
      ...(isLocal ? noLocalNode(topology) : []),
      ...unplacedSources.map(unplaced),
      ...targetChecks,
      ...(record === undefined ? [noTarget(topology, alias)] : target === null ? [unplaced(record.sandboxId)] : []),
      policyCheck(topology, from, alias, port, verdict),
    ]);
    const firstFailure =
      checks.find(({ status }) => status === 'fail') ?? checks.find(({ status }) => status === 'unknown') ?? null;
    return {
      verdict: { ...verdict, epoch: this.epoch, members: verdict.members.map(memberDto) },
      checks,
      firstFailure,
    };
  }

  private async ask(
    agentId: AgentId,
    role: 'source' | 'target',
    { networkId, version }: Topology,
    { from, alias, port }: TestRequestDto,
  ): Promise<readonly CheckDto[]> {
    const reply = await this.questions.ask(agentId, {
      protocol: BUS_PROTOCOL,
      kind: 'checks',
      networkId,
      version,
      role,
      from,
      alias,
      port,
    });
    if (reply?.kind !== 'checks') return silentAgent(agentId);
    return reply.checks.map((check) => ({ agentId, ...check }));
  }
}

/** In the order in which one depends on another; within a check, the source comes first. */
function inOrder(checks: readonly CheckDto[]): readonly CheckDto[] {
  return CHECK_CODES.flatMap((code) => checks.filter((check) => check.code === code));
}

function memberDto({ source, verdict }: SelectorVerdict['members'][number]): MemberVerdictDto {
  const { effect, reason, ruleId } = verdict;
  const text = source.kind === 'sandbox' ? `sandbox:${source.sandboxId}` : `local:${source.user}`;
  return { source: text, effect, reason, ruleId };
}
