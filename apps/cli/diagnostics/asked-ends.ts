import type { TestResultDto } from '#libs/api-client/generated/index.js';
import { CHECK_CODES, type CheckCode, type CheckRole, tookIn } from '#libs/contracts/bus/checks.js';
import type { Destination } from './destination.js';

type Check = TestResultDto['checks'][number];

/** One agent or local node that was asked, and the results of its checks, as one column. */
export interface AskedEnd {
  /** `host-a (web)`: who was asked, about whom. */
  readonly heading: string;
  readonly cells: ReadonlyMap<CheckCode, string>;
  /** silent: no check was answered. */
  readonly standing: 'well' | 'problem' | 'silent';
  readonly isTarget: boolean;
}

const LONGEST_ABOUT = 16;

/**
 * The agents and local nodes that were asked, in the order of the answer. The control plane's own checks have no
 * column.
 */
export function askedEnds(result: TestResultDto, from: string, to: Destination<string>): readonly AskedEnd[] {
  const ofEnd = new Map<string, Check[]>();
  for (const check of result.checks) {
    const who = check.agentId ?? check.nodeId;
    if (who === null) continue;
    const heading = check.role === null ? who : `${who} (${aboutOf(check.role, from, to)})`;
    ofEnd.set(heading, [...(ofEnd.get(heading) ?? []), check]);
  }
  return [...ofEnd].map(([heading, own]) => ({
    heading,
    cells: new Map(own.map((check) => [check.code, cellOf(check)])),
    standing: standingOf(own, result),
    isTarget: own.some(({ role }) => role === 'target'),
  }));
}

/** The name of this end in the question, if it is short enough for a heading. */
function aboutOf(role: CheckRole, from: string, to: Destination<string>): string {
  const name = role === 'source' ? from : to.alias.includes('.') ? 'exit' : to.alias;
  return name.length <= LONGEST_ABOUT ? name : role;
}

/** The checks that any of these answered, in order of dependency. */
export function codesOf(ends: readonly AskedEnd[]): readonly CheckCode[] {
  return CHECK_CODES.filter((code) => ends.some(({ cells }) => cells.has(code)));
}

/** A check that fails only because it follows the denial in the verdict is no problem of that end. */
export function isProblem({ status, code, effect }: Check, { verdict }: Pick<TestResultDto, 'verdict'>): boolean {
  const isTold = code === 'POLICY' && effect !== null && verdict.effect !== 'allow';
  return status === 'unknown' || (status === 'fail' && !isTold);
}

function standingOf(checks: readonly Check[], result: TestResultDto): AskedEnd['standing'] {
  if (checks.every(({ status }) => status === 'unknown')) return 'silent';
  return checks.some((check) => isProblem(check, result)) ? 'problem' : 'well';
}

function cellOf({ code, status, effect, evidence }: Check): string {
  if (code === 'POLICY' && effect !== null) return effect === 'allow' ? 'allow' : effect.toUpperCase();
  switch (status) {
    case 'pass': {
      const took = tookIn(evidence);
      return took === null ? 'ok' : `ok, ${took}`;
    }
    case 'fail':
      return 'FAIL';
    case 'unknown':
      return 'UNKNOWN';
    case 'skipped':
      return 'skipped';
  }
}
