import { Inject } from '@nestjs/common';
import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { CHECK_CODES, CHECKS_OF, CHECKS_OF_OUTSIDE, type CheckRole } from '#libs/contracts/bus/checks.js';
import { BUS_PROTOCOL } from '#libs/contracts/bus/protocol.js';
import type { CheckDto, TestRequestDto, TestResultDto } from '#libs/contracts/http/diagnostics.js';
import type { AgentId } from '#libs/contracts/ids.js';
import { isOutsideName } from '#libs/contracts/outside-names.js';
import { parseSelector, type Selector } from '#libs/contracts/selectors.js';
import { evaluateSelector } from '#libs/policy/evaluate-selector.js';
import type { SelectorVerdict, Topology } from '#libs/policy/model.js';
import { partiesOf } from '#libs/policy/parties.js';
import { Questions } from '../delivery/questions.js';
import { agentReceiver, hashFor, type Receiver } from '../delivery/receiver.js';
import { CLOCK, type Clock } from '../foundation/provided.js';
import { NotFoundError } from '../http/errors.js';
import { LocalNodeContacts } from '../presence/local-node-contacts.js';
import { Directory } from '../record/directory.js';
import type { NetworkRecord } from '../record/network-record.js';
import { requireServed } from '../record/require-network.js';
import { StoreEpoch } from '../record/store-epoch.js';
import { verdictDto } from '../status/verdict-dto.js';
import { type AnsweredChecks, answeredChecks } from './answered-checks.js';
import { type AskedLocalNodes, localNodesToAsk } from './asked-local-nodes.js';
import { DecidingRules } from './deciding-rules.js';
import { withJoinedUsers } from './joined-users.js';
import { localNodesLeftOut, noLocalNode, noTarget, policyCheck, unplaced } from './own-checks.js';
import { TestConnection } from './queries.js';

type End = readonly [CheckRole, Receiver];

/** A test that crosses with a write is made again, this often in all. */
const ATTEMPTS = 3;

const NO_LOCAL_NODES: AskedLocalNodes = { asked: [], leftOut: 0 };

/** One verdict, by the function that decides live traffic, and what source and target see of themselves. */
@QueryHandler(TestConnection)
export class TestConnectionHandler implements IQueryHandler<TestConnection> {
  constructor(
    private readonly directory: Directory,
    private readonly localContacts: LocalNodeContacts,
    private readonly questions: Questions,
    private readonly epoch: StoreEpoch,
    private readonly rules: DecidingRules,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async execute({ network, question }: TestConnection): Promise<TestResultDto> {
    for (let attempt = 1; ; attempt += 1) {
      const record = requireServed(this.directory, network);
      const result = await this.test(record, question);
      // What was asked is about one version: an answer that crossed with a write would read as a fault.
      const { version } = requireServed(this.directory, network).topology;
      if (attempt >= ATTEMPTS || version === record.topology.version) return result;
    }
  }

  private async test(network: NetworkRecord, question: TestRequestDto): Promise<TestResultDto> {
    const { topology } = network;
    const { from, alias, port } = question;
    const selector = parseSelector(from, 'from');
    const nowMs = this.clock().getTime();
    const decided = evaluateSelector(topology, selector, alias, port, nowMs);
    const { sources, unplacedSources, target, exits } = partiesOf(topology, selector, alias, port, nowMs);
    const record = isOutsideName(alias) ? null : topology.aliases.get(alias);
    const isLocal = record !== null && (selector.kind === 'local' || selector.kind === 'local-user');
    const nodes = record === null ? NO_LOCAL_NODES : this.localNodes(topology, selector);
    const users = nodes.asked.map(({ user }) => user);
    const verdict = withJoinedUsers(topology, { selector, to: alias, port, nowMs }, decided, users);
    const ends: readonly End[] = [
      ...sources.map((agentId) => ['source', agentReceiver(agentId)] as const),
      ...nodes.asked.map((node) => ['source', node] as const),
      ...(target === null ? [] : [['target', agentReceiver(target)] as const]),
      ...exits.map((agentId) => ['target', agentReceiver(agentId)] as const),
    ];
    if (question.agentId !== undefined) return this.testOne(question.agentId, ends, network, question, verdict);
    const answers = await Promise.all(ends.map(([role, asked]) => this.ask(asked, role, network, question)));
    const checks = inOrder([
      policyCheck(topology, from, alias, port, verdict),
      ...answers.flatMap((answer) => answer.checks),
      ...(isLocal && nodes.asked.length === 0 ? noLocalNode(topology, from) : []),
      ...(nodes.leftOut > 0 ? [localNodesLeftOut(topology, question, nodes)] : []),
      ...unplacedSources.map(unplaced),
      ...(record === undefined ? [noTarget(topology, alias)] : []),
      ...(record && target === null ? [unplaced(record.sandboxId)] : []),
    ]);
    return this.result(topology, verdict, checks, answers);
  }

  /** One agent's part of a test, so that whoever shows many agents can show each as it answers. */
  private async testOne(
    agentId: AgentId,
    ends: readonly End[],
    network: NetworkRecord,
    question: TestRequestDto,
    verdict: SelectorVerdict,
  ): Promise<TestResultDto> {
    const { topology, participants } = network;
    if (!participants.includes(agentId)) {
      const detail = `agent ${agentId} has no sandbox in ${topology.name}`;
      const remedy = `see \`gstacks network status ${topology.name}\``;
      throw new NotFoundError('AGENT_NOT_IN_NETWORK', detail, remedy);
    }
    const own = ends.filter(([, asked]) => asked.kind === 'agent' && asked.agentId === agentId);
    const parts: readonly End[] = own.length > 0 ? own : [['source', agentReceiver(agentId)]];
    const answers = await Promise.all(parts.map(([role, asked]) => this.ask(asked, role, network, question)));
    return this.result(topology, verdict, inOrder(answers.flatMap((answer) => answer.checks)), answers);
  }

  private async result(
    topology: Topology,
    verdict: SelectorVerdict,
    checks: readonly CheckDto[],
    answers: readonly AnsweredChecks[],
  ): Promise<TestResultDto> {
    const disagreements = answers.flatMap(({ disagreement }) => (disagreement === null ? [] : [disagreement]));
    const first = (status: CheckDto['status']) => checks.find((check) => check.status === status);
    return {
      verdict: verdictDto(verdict, this.epoch.current),
      rule: await this.rules.of(topology, verdict.ruleId),
      checks,
      disagreements,
      firstFailure: disagreements[0] ?? first('fail') ?? first('unknown') ?? null,
    };
  }

  private localNodes(topology: Topology, selector: Selector): AskedLocalNodes {
    const joined = this.directory.localNodes().map(({ state }) => state);
    return localNodesToAsk(topology, selector, joined, (node) => this.localContacts.statusOf(node) === 'ONLINE');
  }

  private async ask(
    asked: Receiver,
    role: CheckRole,
    network: NetworkRecord,
    { from, alias, port }: TestRequestDto,
  ): Promise<AnsweredChecks> {
    const { topology } = network;
    const { networkId, version } = topology;
    const expected = { epoch: this.epoch.current, version, hash: hashFor(asked, network) };
    const question = { protocol: BUS_PROTOCOL, networkId, ...expected, from, port };
    const reply = await this.questions.ask(
      asked,
      isOutsideName(alias)
        ? { ...question, kind: 'outside-checks', role, name: alias }
        : { ...question, kind: 'checks', role, alias },
    );
    const codes = isOutsideName(alias) ? CHECKS_OF_OUTSIDE[role] : CHECKS_OF[role];
    // A machine answers for its own user, whoever else the question is about.
    const about: Selector =
      asked.kind === 'agent' ? parseSelector(from, 'from') : { kind: 'local-user', user: asked.user };
    const verdict = evaluateSelector(topology, about, alias, port, this.clock().getTime());
    return answeredChecks(topology, asked, role, codes, reply, verdict);
  }
}

/** In the order in which one depends on another; what decides comes first within a check, then the source. */
function inOrder(checks: readonly CheckDto[]): readonly CheckDto[] {
  return CHECK_CODES.flatMap((code) => checks.filter((check) => check.code === code));
}
