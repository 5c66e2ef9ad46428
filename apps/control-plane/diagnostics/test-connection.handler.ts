import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { BUS_PROTOCOL, CHECK_CODES } from '#libs/contracts/bus-messages.js';
import type { CheckDto, MemberVerdictDto, TestRequestDto, TestResultDto } from '#libs/contracts/http/diagnostics.js';
import { parseSelector, type Selector } from '#libs/contracts/selectors.js';
import { evaluateSelector } from '#libs/policy/evaluate-selector.js';
import type { SelectorVerdict, Topology } from '#libs/policy/model.js';
import { type Asked, Questions } from '../delivery/questions.js';
import { LocalNodeContacts } from '../presence/local-node-contacts.js';
import { Directory } from '../record/directory.js';
import { requireNetwork } from '../record/require-network.js';
import { StoreEpoch } from '../record/store-epoch.js';
import { answeredChecks } from './answered-checks.js';
import { type AskedLocalNodes, localNodesToAsk } from './asked-local-nodes.js';
import { localNodesLeftOut, noLocalNode, noTarget, policyCheck, unplaced } from './own-checks.js';
import { partiesOf } from './parties.js';
import { TestConnection } from './queries.js';

/** One verdict, by the function that decides live traffic, and what source and target see of themselves. */
@QueryHandler(TestConnection)
export class TestConnectionHandler implements IQueryHandler<TestConnection> {
  constructor(
    private readonly directory: Directory,
    private readonly localContacts: LocalNodeContacts,
    private readonly questions: Questions,
    private readonly epoch: StoreEpoch,
  ) {}

  async execute({ network, question }: TestConnection): Promise<TestResultDto> {
    const { topology } = requireNetwork(this.directory, network);
    const { from, alias, port } = question;
    const selector = parseSelector(from, 'from');
    const verdict = evaluateSelector(topology, selector, alias, port);
    const { sources, unplacedSources, target } = partiesOf(topology, selector, alias);
    const record = topology.aliases.get(alias);
    const isLocal = selector.kind === 'local' || selector.kind === 'local-user';
    const nodes = this.localNodes(topology, selector);
    const asked: readonly Asked[] = [
      ...sources.map((agentId) => ({ kind: 'agent', agentId }) as const),
      ...nodes.asked.map((nodeId) => ({ kind: 'local-node', nodeId }) as const),
    ];
    const [sourceChecks, targetChecks] = await Promise.all([
      Promise.all(asked.map((each) => this.ask(each, 'source', topology, question))),
      target === null ? [] : this.ask({ kind: 'agent', agentId: target }, 'target', topology, question),
    ]);
    const checks = inOrder([
      policyCheck(topology, from, alias, port, verdict),
      ...sourceChecks.flat(),
      ...(isLocal && nodes.asked.length === 0 ? noLocalNode(topology, from) : []),
      ...(nodes.leftOut > 0 ? [localNodesLeftOut(topology, question, nodes)] : []),
      ...unplacedSources.map(unplaced),
      ...targetChecks,
      ...(record === undefined ? [noTarget(topology, alias)] : target === null ? [unplaced(record.sandboxId)] : []),
    ]);
    const firstFailure =
      checks.find(({ status }) => status === 'fail') ?? checks.find(({ status }) => status === 'unknown') ?? null;
    return {
      verdict: { ...verdict, epoch: this.epoch.current, members: verdict.members.map(memberDto) },
      checks,
      firstFailure,
    };
  }

  private localNodes(topology: Topology, selector: Selector): AskedLocalNodes {
    const joined = this.directory.localNodes().map(({ state }) => state);
    return localNodesToAsk(topology, selector, joined, (node) => this.localContacts.statusOf(node) === 'ONLINE');
  }

  private async ask(
    asked: Asked,
    role: 'source' | 'target',
    { networkId, version }: Topology,
    { from, alias, port }: TestRequestDto,
  ): Promise<readonly CheckDto[]> {
    const reply = await this.questions.ask(asked, {
      protocol: BUS_PROTOCOL,
      kind: 'checks',
      networkId,
      version,
      role,
      from,
      alias,
      port,
    });
    return answeredChecks(asked, reply);
  }
}

/** In the order in which one depends on another; what decides comes first within a check, then the source. */
function inOrder(checks: readonly CheckDto[]): readonly CheckDto[] {
  return CHECK_CODES.flatMap((code) => checks.filter((check) => check.code === code));
}

function memberDto({ source, verdict }: SelectorVerdict['members'][number]): MemberVerdictDto {
  const { effect, reason, ruleId } = verdict;
  const text = source.kind === 'sandbox' ? `sandbox:${source.sandboxId}` : `local:${source.user}`;
  return { source: text, effect, reason, ruleId };
}
