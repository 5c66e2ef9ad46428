import type { TestResultDto } from '#libs/api-client/generated/index.js';
import { EXIT } from '../errors/exit-codes.js';
import { whoWasAsked } from './verdict-text.js';

export const EXPECTATIONS = ['allow', 'deny'] as const;
export type Expectation = (typeof EXPECTATIONS)[number];

export interface Judgement {
  readonly exitCode: number;
  readonly summary: string;
}

type Result = {
  readonly verdict: Pick<TestResultDto['verdict'], 'effect' | 'reason'>;
  readonly checks: readonly Pick<TestResultDto['checks'][number], 'role' | 'code' | 'status'>[];
  readonly disagreements: readonly Pick<TestResultDto['checks'][number], 'agentId' | 'nodeId'>[];
};

/** Denials by the policy; other reasons mean that there is nothing to decide about. */
const POLICY_DENIALS: readonly string[] = ['EXPLICIT_DENY', 'DEFAULT_DENY'];

/**
 * The exit code of a test. Skipped checks never count. While an agent decides differently from the control plane, the
 * outcome is unknown whatever was expected. An expected denial must be the policy's own, and one end of the connection
 * must confirm that it enforces the denying version.
 */
export function judge({ verdict, checks, disagreements }: Result, expected: Expectation | null): Judgement {
  if (disagreements.length > 0) {
    const who = [...new Set(disagreements.map(whoWasAsked))].join(', ');
    return { exitCode: EXIT.unknown, summary: `unknown: ${who} decides differently from the control plane` };
  }
  const isDenied = verdict.effect === 'deny' && POLICY_DENIALS.includes(verdict.reason);
  if (verdict.effect === 'mixed') return { exitCode: EXIT.unknown, summary: 'mixed: it depends on which source asks' };
  if (verdict.effect === 'deny' && !isDenied) {
    return { exitCode: EXIT.notFound, summary: 'not decided by the policy: the source, alias or port does not exist' };
  }
  if (isDenied) return judgeDenial(checks, expected);
  if (expected === 'deny') return { exitCode: EXIT.internal, summary: 'expected a denial, but the policy allows it' };
  const open = checks.filter(({ status }) => status === 'fail' || status === 'unknown').length;
  if (open === 0) return { exitCode: EXIT.ok, summary: 'allowed, and no check failed' };
  return {
    exitCode: EXIT.unknown,
    summary: `allowed by the policy, but ${open} of ${checks.length} checks did not pass`,
  };
}

function judgeDenial(checks: Result['checks'], expected: Expectation | null): Judgement {
  if (expected !== 'deny') return { exitCode: EXIT.denied, summary: 'denied by the policy' };
  const applied = checks.filter(({ code }) => code === 'TOPOLOGY_APPLIED');
  const ends = ['source', 'target']
    .map((end) => applied.filter(({ role }) => role === end))
    .filter((answers) => answers.length > 0);
  // Each end can refuse on its own; if there are several sources, every one has to.
  const isFollowed = ends.some((answers) => answers.every(({ status }) => status === 'pass'));
  if (ends.length > 0 && !isFollowed) {
    return {
      exitCode: EXIT.unknown,
      summary: 'denied by the policy, but neither end has confirmed that it applied this version',
    };
  }
  return { exitCode: EXIT.ok, summary: 'denied by the policy, as expected' };
}
