import type { SelectorVerdict } from './model.js';

/** A question as a person asks it: the selector in printed form. */
export interface AskedQuestion {
  readonly from: string;
  readonly alias: string;
  readonly port: number;
}

/** What makes the policy allow it, the command first; null: it does. Only for a view that holds the whole network. */
export function policyRemedy(
  network: string,
  question: AskedQuestion,
  { effect, reason, ruleId }: Pick<SelectorVerdict, 'effect' | 'reason' | 'ruleId'>,
): string | null {
  if (effect === 'allow') return null;
  const { from, alias, port } = question;
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

/** The alias or the port is not published: it may be another one that is meant. */
export function publishRemedy(network: string, { alias, port }: Pick<AskedQuestion, 'alias' | 'port'>): string {
  return `gstacks network alias add ${network} <sandbox-id> ${alias} --port ${port}, or see what is published: gstacks network alias list ${network}`;
}
