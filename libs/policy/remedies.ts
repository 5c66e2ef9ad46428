import { parseSelector } from '#libs/contracts/selectors.js';
import type { NetworkView, SelectorVerdict } from './model.js';

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
  view: Pick<NetworkView, 'name' | 'sandboxes'>,
  question: AskedQuestion,
  { effect, reason, ruleId }: Pick<SelectorVerdict, 'effect' | 'reason' | 'ruleId'>,
): string | null {
  if (effect === 'allow') return null;
  const network = view.name;
  if (reason === 'QUARANTINED') return `gstacks network quarantine ${network} --lift`;
  const { from, alias, port } = question;
  // No egress rule may name developers' machines (EGRESS_FROM_LOCAL).
  if (alias.includes('.') && isLocal(from)) {
    return `gstacks network test ${network} any ${alias}:${port}, since only sandboxes reach outside names through an agent`;
  }
  if (reason === 'NOT_ATTACHED') return attachRemedy(view, question);
  if (alias.includes('.')) return outsideRemedy(network, question, { reason, ruleId });
  switch (reason) {
    case 'EXPLICIT_DENY':
      return ruleId === null
        ? `gstacks network policy list ${network}`
        : `gstacks network policy remove ${network} ${ruleId}`;
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
    default:
      return `gstacks network egress allow ${network} --from ${from} --to ${name}:${port}`;
  }
}

/** How to attach what a selector stands for, or how to ask about the sandbox whose id was read as an alias. */
function attachRemedy(
  { name: network, sandboxes }: Pick<NetworkView, 'name' | 'sandboxes'>,
  question: AskedQuestion,
): string {
  const { from, alias, port } = question;
  const selector = parseSelector(from, 'from');
  if (selector.kind === 'sandbox') {
    const { sandboxId } = selector;
    return `gstacks network attach ${network} ${sandboxId}`;
  }
  if ([...sandboxes.keys()].some((sandboxId) => sandboxId === from)) {
    return `gstacks network test ${network} sandbox:${from} ${alias}:${port}, since ${from} is the id of a sandbox, and not an alias`;
  }
  return `gstacks network attach ${network} <sandbox-id>, for a sandbox that ${from} matches`;
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
