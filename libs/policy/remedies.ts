import { parseSelector } from '#libs/contracts/selectors.js';
import type { SelectorVerdict } from './model.js';

/** A question as a person asks it, with the selector in printed form. */
export interface AskedQuestion {
  readonly from: string;
  /** An alias or a name outside. */
  readonly alias: string;
  readonly port: number;
}

/**
 * The command after which the policy would allow what was asked; null: it is allowed. Only for holders of the whole
 * network: a local node has some of the rules only, and its answer could be wrong.
 */
export function policyRemedy(
  network: string,
  question: AskedQuestion,
  { effect, reason, ruleId }: Pick<SelectorVerdict, 'effect' | 'reason' | 'ruleId'>,
): string | null {
  if (effect === 'allow') return null;
  const { from, alias, port } = question;
  if (alias.includes('.')) return outsideRemedy(network, question, { reason, ruleId });
  switch (reason) {
    case 'EXPLICIT_DENY':
      return ruleId === null
        ? `gstacks network policy list ${network}`
        : `gstacks network policy remove ${network} ${ruleId}`;
    case 'NOT_ATTACHED':
      return `gstacks network attach ${network} <sandbox-id>, a sandbox that ${from} stands for`;
    case 'NO_ALIAS':
    case 'NO_PORT':
      return publishRemedy(network, question);
    default:
      return `gstacks network policy allow ${network} --from ${from} --to ${alias} --port ${port}`;
  }
}

function outsideRemedy(
  network: string,
  { from, alias: name, port }: AskedQuestion,
  { reason, ruleId }: Pick<SelectorVerdict, 'reason' | 'ruleId'>,
): string {
  switch (reason) {
    case 'EXPLICIT_DENY':
      return ruleId === null
        ? `gstacks network egress list ${network}`
        : `gstacks network egress remove ${network} ${ruleId}`;
    case 'NOT_ATTACHED':
      return `gstacks network attach ${network} <sandbox-id>, a sandbox that ${from} stands for`;
    default:
      // No egress rule may name developers' machines (EGRESS_FROM_LOCAL).
      return isLocal(from)
        ? `gstacks network test ${network} any ${name}:${port}, since only sandboxes reach outside names through an agent`
        : `gstacks network egress allow ${network} --from ${from} --to ${name}:${port}`;
  }
}

function isLocal(from: string): boolean {
  const { kind } = parseSelector(from, 'from');
  return kind === 'local' || kind === 'local-user';
}

/**
 * For an alias or port that nobody publishes: how to publish it, and how to list what is published, in case of a typing
 * error.
 */
export function publishRemedy(network: string, { alias, port }: Pick<AskedQuestion, 'alias' | 'port'>): string {
  return `gstacks network alias add ${network} <sandbox-id> ${alias} --port ${port}, or see what is published: gstacks network alias list ${network}`;
}
