import type { TestResultDto } from '#libs/api-client/generated/index.js';
import type { Destination } from './destination.js';

type Verdict = TestResultDto['verdict'];
type Check = TestResultDto['checks'][number];

/** `allow: local may reach api:8080` */
export function verdictLine(verdict: Pick<Verdict, 'effect'>, from: string, to: Destination<string>): string {
  const target = `${to.alias}:${to.port}`;
  switch (verdict.effect) {
    case 'allow':
      return `allow: ${from} may reach ${target}`;
    case 'deny':
      return `deny: ${from} may not reach ${target}`;
    case 'mixed':
      return `mixed: some of ${from} may reach ${target}, some may not`;
  }
}

/** `rule-4f9c21ab matches all but the port` */
export function missText(miss: Verdict['nearMisses'][number], to: Destination<string>): string {
  const missed = miss.missed === 'alias' && to.alias.includes('.') ? 'name' : miss.missed;
  return `${miss.ruleId} matches all but the ${missed}`;
}

/** `host-a (source)`: who answered for a check, and for which end of the connection. */
export function whoAtWhichEnd(check: Pick<Check, 'agentId' | 'nodeId' | 'role'>): string | null {
  const who = whoWasAsked(check);
  return who === null || check.role === null ? who : `${who} (${check.role})`;
}

/** Who answered for a check, or did not: an agent or a local node. */
export function whoWasAsked({ agentId, nodeId }: Pick<Check, 'agentId' | 'nodeId'>): string | null {
  return agentId ?? (nodeId === null ? null : `local node ${nodeId}`);
}
