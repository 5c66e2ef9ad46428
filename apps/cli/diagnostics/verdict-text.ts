import type { TestResultDto } from '#libs/api-client/generated/index.js';
import { timeLeft } from '#libs/contracts/rule-ends.js';
import { ago, secondsSince } from '../output/ago.js';
import { together } from '../output/wrap.js';
import type { Destination } from './destination.js';

type Verdict = TestResultDto['verdict'];
type Check = TestResultDto['checks'][number];

const HEADS: Readonly<Record<Verdict['effect'], string>> = { allow: 'ALLOWED', deny: 'DENIED', mixed: 'MIXED' };

/** `DENIED  web -> api:8080` */
export function verdictLine({ effect }: Pick<Verdict, 'effect'>, from: string, to: Destination<string>): string {
  return `${HEADS[effect]}  ${from} -> ${to.alias}:${to.port}`;
}

/**
 * `rule-c302  deny web -> api:8080  (by admin, 3 min ago)`, with `(2 h left)` where it ends, or why there is no rule to
 * show.
 */
export function becauseText({ verdict, rule }: TestResultDto, to: Destination<string>, nowMs: number): string {
  if (rule !== null) {
    const { id, effect, from, by, at } = rule;
    const author = by === null || at === null ? '' : `  ${together(`(by ${by}, ${ago(secondsSince(at, nowMs))})`)}`;
    const end = rule.until === undefined ? '' : `  ${together(`(${leftText(rule.until, nowMs)})`)}`;
    return `${id}  ${effect} ${from} ${together(`-> ${rule.to}:${rule.port}`)}${end}${author}`;
  }
  return reasonText(verdict, to);
}

/** `deny: api does not publish port 9090 (NO_PORT)`: why it was decided so, without the rule. */
export function reasonText(
  { reason, effect, ruleId }: Pick<Verdict, 'reason' | 'effect' | 'ruleId'>,
  to: Destination<string>,
): string {
  switch (reason) {
    case 'ALLOWED':
    case 'EXPLICIT_DENY':
      return `${effect} by ${ruleId ?? 'a rule'}`;
    case 'DEFAULT_DENY':
      return 'default deny: no rule allows it';
    case 'NOT_ATTACHED':
      return 'deny: the source is not attached to this network (NOT_ATTACHED)';
    case 'NO_ALIAS':
      return `deny: this network has no alias ${to.alias} (NO_ALIAS)`;
    case 'NO_PORT':
      return `deny: ${to.alias} does not publish port ${to.port} (NO_PORT)`;
    case 'QUARANTINED':
      return 'deny: the network is quarantined, and no agent serves it (QUARANTINED)';
    case 'MIXED':
      return 'mixed: the policy allows some of these sources, and denies others';
  }
}

/** `2 h left`; `ended` by this machine's clock, where the control plane's is behind it. */
function leftText(until: string, nowMs: number): string {
  const left = timeLeft(until, nowMs);
  return left === 'ended' ? left : `${left} left`;
}

/** `rule-4f9c21ab matches all but the port` */
export function missText(miss: Verdict['nearMisses'][number], to: Destination<string>): string {
  const missed = miss.missed === 'alias' && to.alias.includes('.') ? 'name' : miss.missed;
  return `${miss.ruleId} matches all but the ${missed}`;
}

/** `host-a (source)`: who answered a check, and for which end of the connection. */
export function whoAtWhichEnd(check: Pick<Check, 'agentId' | 'nodeId' | 'role'>): string | null {
  const who = whoWasAsked(check);
  return who === null || check.role === null ? who : `${who} (${check.role})`;
}

/** The agent or local node that answered a check, or did not. */
export function whoWasAsked({ agentId, nodeId }: Pick<Check, 'agentId' | 'nodeId'>): string | null {
  return agentId ?? (nodeId === null ? null : `local node ${nodeId}`);
}

/** The control plane's own policy check, which repeats the verdict. */
export function isVerdictItself({ agentId, nodeId, code }: Pick<Check, 'agentId' | 'nodeId' | 'code'>): boolean {
  return agentId === null && nodeId === null && code === 'POLICY';
}
