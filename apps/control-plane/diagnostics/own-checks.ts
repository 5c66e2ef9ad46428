import { CHECKS_OF, fail, pass, skipped } from '#libs/contracts/bus/checks.js';
import type { CheckDto, TestRequestDto } from '#libs/contracts/http/diagnostics.js';
import type { SandboxId } from '#libs/contracts/ids.js';
import type { SelectorVerdict, Topology } from '#libs/policy/model.js';
import { policyRemedy } from '#libs/policy/remedies.js';
import type { AskedLocalNodes } from './asked-local-nodes.js';

const NOBODY = { agentId: null, nodeId: null, role: null, effect: null } as const;

/** The source is a developer's machine, and no joined machine matches the selector. */
export function noLocalNode(topology: Topology, from: string): readonly CheckDto[] {
  const whose = from === 'local' ? '' : ` of ${from}`;
  return CHECKS_OF.source
    .filter((code) => code !== 'POLICY')
    .map((code) => ({
      ...NOBODY,
      role: 'source',
      ...skipped(code, `no local node${whose} has joined this network`, `gstacks mesh join ${topology.name}`),
    }));
}

/** More machines have joined than are asked one question. */
export function localNodesLeftOut(
  { name }: Topology,
  { alias, port }: TestRequestDto,
  { asked, leftOut }: AskedLocalNodes,
): CheckDto {
  return {
    ...NOBODY,
    role: 'source',
    ...skipped(
      'TOPOLOGY_APPLIED',
      `${asked.length} of ${asked.length + leftOut} local nodes were asked, ${leftOut} were left out`,
      `gstacks network test ${name} local:<user> ${alias}:${port}`,
    ),
  };
}

/** An attached sandbox without an agent can neither open nor accept connections. */
export function unplaced(sandboxId: SandboxId): CheckDto {
  return {
    ...NOBODY,
    ...fail('ROUTE_PRESENT', `no agent holds sandbox ${sandboxId} now`, `see \`gstacks sandbox show ${sandboxId}\``),
  };
}

/** The control plane's own check of the alias, if there is no target agent to ask. */
export function noTarget(topology: Topology, alias: string): CheckDto {
  return {
    ...NOBODY,
    ...fail(
      'ROUTE_PRESENT',
      `network ${topology.name} has no alias ${alias}`,
      `gstacks network alias list ${topology.name}`,
    ),
  };
}

const REASON_TEXT: { readonly [reason in SelectorVerdict['reason']]: string } = {
  ALLOWED: 'a rule allows it',
  EXPLICIT_DENY: 'a rule denies it',
  DEFAULT_DENY: 'no rule allows it',
  NOT_ATTACHED: 'the source is not attached to the network',
  NO_ALIAS: 'there is no such alias',
  NO_PORT: 'the alias does not publish this port',
  QUARANTINED: 'the network is quarantined',
  MIXED: 'some of the sources are allowed, others are not',
};

/** The check of the policy as the control plane has it. */
export function policyCheck(
  topology: Topology,
  from: string,
  alias: string,
  port: number,
  verdict: SelectorVerdict,
): CheckDto {
  const rule = verdict.ruleId === null ? '' : ` (${verdict.ruleId})`;
  const evidence = `${REASON_TEXT[verdict.reason]}${rule}, at version ${verdict.version}`;
  const remedy = policyRemedy(topology, { from, alias, port }, verdict);
  return {
    ...NOBODY,
    effect: verdict.effect,
    ...(verdict.effect === 'allow' ? pass('POLICY', evidence) : fail('POLICY', evidence, remedy)),
  };
}
