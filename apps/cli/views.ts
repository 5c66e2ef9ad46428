import type {
  AliasDto,
  AttachmentDto,
  ListedEgressRuleDto,
  ListedRuleDto,
  SandboxDto,
} from '#libs/api-client/generated/index.js';
import { type AliasPort, portText } from '#libs/contracts/ports.js';
import { timeLeft } from '#libs/contracts/rule-ends.js';
import { ago, secondsSince, unknown } from './output/ago.js';
import type { Column } from './output/table.js';

export function portsText(ports: readonly AliasPort[]): string {
  return ports.map(portText).join(', ');
}

export function labelsText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(', ');
}

export const aliasColumns: readonly Column<AliasDto>[] = [
  { heading: 'ALIAS', cell: ({ alias }) => alias },
  { heading: 'NAME', cell: ({ name }) => name, leavesAt: 2 },
  { heading: 'SANDBOX', cell: ({ sandboxId }) => sandboxId },
  { heading: 'AGENT', cell: ({ agentId }) => agentId, leavesAt: 1 },
  { heading: 'PORTS', cell: ({ ports }) => portsText(ports), wraps: true },
];

export const attachmentColumns: readonly Column<AttachmentDto>[] = [
  { heading: 'SANDBOX', cell: ({ sandboxId }) => sandboxId },
  { heading: 'AGENT', cell: ({ agentId }) => agentId, leavesAt: 1 },
  { heading: 'ALIASES', cell: ({ aliases }) => aliases.map(({ alias }) => alias).join(', '), wraps: true },
  { heading: 'LABELS', cell: ({ labels }) => labelsText(labels), wraps: true, leavesAt: 3 },
  { heading: 'DNS', cell: dnsState, wraps: true, leavesAt: 2 },
];

type Origin = Pick<ListedRuleDto, 'by' | 'at'>;

/** When a rule was made, by this machine's clock, and by whom. */
const originColumns = [
  {
    heading: 'MADE',
    cell: ({ at }: Origin) => (at === null ? 'unknown' : ago(secondsSince(at, Date.now()))),
    leavesAt: 2,
  },
  { heading: 'BY', cell: ({ by }: Origin) => by ?? 'unknown', leavesAt: 1 },
] as const;

/** What is left of a rule that ends, by this machine's clock. */
const leftColumn: Column<{ readonly until?: string }> = {
  heading: 'LEFT',
  cell: ({ until }) => until && timeLeft(until, Date.now()),
  onlyWithValues: true,
};

export const ruleColumns: readonly Column<ListedRuleDto>[] = [
  { heading: 'RULE', cell: ({ id }) => id },
  { heading: 'EFFECT', cell: ({ effect }) => effect },
  { heading: 'FROM', cell: ({ from }) => from },
  { heading: 'TO', cell: ({ to }) => to },
  { heading: 'PORT', cell: ({ port }) => port },
  leftColumn,
  ...originColumns,
];

export const egressColumns: readonly Column<ListedEgressRuleDto>[] = [
  { heading: 'RULE', cell: ({ id }) => id },
  { heading: 'EFFECT', cell: ({ effect }) => effect },
  { heading: 'FROM', cell: ({ from }) => from },
  { heading: 'TO', cell: ({ to }) => to },
  { heading: 'PORT', cell: ({ port }) => port },
  { heading: 'VIA', cell: ({ via }) => via, leavesAt: 1 },
  { heading: 'PRIVATE', cell: (rule) => (rule.private ? 'yes' : 'no'), leavesAt: 2 },
  leftColumn,
  ...originColumns,
];

/** `advisory (web is also on bridge; docker network disconnect bridge web)`: why it is not enforced, and the fix. */
export function isolationText(sandbox: SandboxDto): string {
  const { isolation, isolationEvidence, isolationRemedy, lastKnown } = sandbox;
  if (lastKnown !== null) return unknown(lastKnown.isolation, lastKnown.secondsAgo);
  const reasons = [isolationEvidence, isolationRemedy].filter((reason) => reason !== null);
  return `${isolation ?? '-'}${reasons.length === 0 ? '' : ` (${reasons.join('; ')})`}`;
}

/** `verified`; or, of an agent that is not in contact, `unknown (verified 3 min ago)`. */
export function sourceText({ source, lastKnown }: SandboxDto): string {
  return lastKnown === null ? (source ?? '-') : unknown(lastKnown.source, lastKnown.secondsAgo);
}

/** As sourceText, of what the sandbox asks for names. */
function dnsState({ dns, lastKnown }: AttachmentDto | SandboxDto): string {
  return lastKnown === null ? dns : unknown(lastKnown.dns, lastKnown.secondsAgo);
}

/** `restart-required (restart the sandbox)`: what a sandbox needs before it asks its agent for names. */
export function dnsText(sandbox: AttachmentDto | SandboxDto): string {
  return `${dnsState(sandbox)}${sandbox.dnsRemedy === null ? '' : ` (${sandbox.dnsRemedy})`}`;
}
