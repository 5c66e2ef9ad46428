import { parseSelector } from '#libs/contracts/selectors.js';
import type { NetworkView, SelectorVerdict } from './model.js';

/** A question as a person asks it, with the selector in printed form. */
export interface AskedQuestion {
  readonly from: string;
  /** An alias or a name outside. */
  readonly alias: string;
  readonly port: number;
}

type RemedyView = Pick<NetworkView, 'name' | 'sandboxes' | 'aliases'>;
type RemedyVerdict = Pick<SelectorVerdict, 'effect' | 'reason' | 'ruleId'> & Partial<Pick<SelectorVerdict, 'members'>>;

/**
 * The command after which the policy would allow what was asked; null: it is allowed. Only for holders of the whole
 * network: a local node has some of the rules only, and its answer could be wrong.
 */
export function policyRemedy(view: RemedyView, question: AskedQuestion, verdict: RemedyVerdict): string | null {
  if (verdict.effect === 'allow') return null;
  const { reason, ruleId } = denialIn(verdict);
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
      return sandboxRemedy(view, question) ?? publishRemedy(network, question);
    case 'NO_PORT':
      return publishRemedy(network, question);
    default:
      return `gstacks network policy allow ${network} --from ${from} --to ${alias} --port ${port}`;
  }
}

/** Of several sources that differ, the one that a rule denies: no further allow helps it. */
function denialIn({ reason, ruleId, members = [] }: RemedyVerdict): Pick<RemedyVerdict, 'reason' | 'ruleId'> {
  if (reason !== 'MIXED') return { reason, ruleId };
  return members.find(({ verdict }) => verdict.reason === 'EXPLICIT_DENY')?.verdict ?? { reason, ruleId };
}

/** How to ask about the sandbox whose id was given in place of an alias; null: there is no such sandbox. */
function sandboxRemedy(
  { name: network, sandboxes, aliases }: RemedyView,
  { from, alias: given, port }: AskedQuestion,
): string | null {
  const sandboxId = [...sandboxes.keys()].find((attached) => attached === given);
  if (sandboxId === undefined) return null;
  const alias = [...aliases.values()].find((record) => record.sandboxId === sandboxId)?.alias;
  if (alias === undefined) {
    return `gstacks network alias add ${network} ${sandboxId} <alias> --port ${port}, since ${sandboxId} is a sandbox without an alias`;
  }
  return `gstacks network test ${network} ${from} ${alias}:${port}, since ${sandboxId} is the id of a sandbox, and ${alias} its alias`;
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
function attachRemedy({ name: network, sandboxes }: RemedyView, question: AskedQuestion): string {
  const { from, alias, port } = question;
  const selector = parseSelector(from, 'from');
  if (selector.kind === 'sandbox') {
    const { sandboxId } = selector;
    return `gstacks network attach ${network} ${sandboxId}`;
  }
  if ([...sandboxes.keys()].some((sandboxId) => sandboxId === from)) {
    return `gstacks network test ${network} sandbox:${from} ${alias}:${port}, since ${from} is the id of a sandbox, and not an alias`;
  }
  if (selector.kind === 'alias') {
    return `gstacks network attach ${network} <sandbox-id> --alias ${from} --port <port>, or see which aliases there are: gstacks network alias list ${network}`;
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
