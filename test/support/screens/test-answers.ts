import type { CheckDto, TestResultDto } from '#libs/api-client/generated/index.js';
import { CHECKS_OF, type CheckRole } from '#libs/contracts/bus/checks.js';
import { epoch, secondsAgo } from '#test/support/screens/paint.js';

export function checksOf(
  who: Partial<Pick<CheckDto, 'agentId' | 'nodeId'>>,
  role: CheckRole,
  effect: CheckDto['effect'],
  change: Partial<Record<CheckDto['code'], Partial<CheckDto>>> = {},
  codes: readonly CheckDto['code'][] = CHECKS_OF[role],
): readonly CheckDto[] {
  return codes.map((code) => {
    const isPolicy = code === 'POLICY';
    const denied = effect === 'deny' || effect === 'mixed';
    const status = isPolicy ? (denied ? 'fail' : 'pass') : denied && code === 'PEER_REACHED' ? 'skipped' : 'pass';
    const evidence = code === 'PEER_REACHED' ? 'agent host-b would accept a connection, after 1 ms' : 'as it should be';
    return {
      ...{ agentId: null, nodeId: null, ...who, role, code, status, evidence, remedy: null },
      effect: isPolicy ? effect : null,
      ...change[code],
    };
  });
}

export const silence = (who: string): Partial<Record<CheckDto['code'], Partial<CheckDto>>> =>
  Object.fromEntries(
    [...CHECKS_OF.source, ...CHECKS_OF.target].map((code) => [
      code,
      {
        ...{ status: 'unknown', effect: null, evidence: `agent ${who} did not answer` },
        remedy: `see \`gstacks agent list\`, and whether the agent of ${who} runs`,
      },
    ]),
  );

export const ownPolicy = (status: 'pass' | 'fail', effect: CheckDto['effect'], remedy: string | null): CheckDto => ({
  ...{ agentId: null, nodeId: null, role: null, code: 'POLICY', status, effect, remedy },
  evidence: 'as the control plane decides, at version 16',
});

export function result(
  verdict: Partial<TestResultDto['verdict']>,
  checks: readonly CheckDto[],
  rest: Partial<TestResultDto> = {},
): TestResultDto {
  return {
    verdict: {
      ...{ effect: 'allow', reason: 'ALLOWED', ruleId: null, nearMisses: [], epoch, version: 16, members: [] },
      ...verdict,
    },
    rule: null,
    checks: [...checks],
    disagreements: [],
    firstFailure:
      checks.find(({ status }) => status === 'fail') ?? checks.find(({ status }) => status === 'unknown') ?? null,
    ...rest,
  };
}

export const ruleOf = (effect: 'allow' | 'deny', from: string, to: string, id = 'rule-c302') => ({
  ...{ id, effect, from, to, port: 8_080, by: 'admin', at: secondsAgo(200) },
});
