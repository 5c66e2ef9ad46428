import type { AgentId, SandboxId } from '#libs/contracts/ids.js';
import type { MeshIdentity } from '#libs/mesh/flow.js';
import { evaluate } from '#libs/policy/evaluate.js';
import type { FlowQuestion, FlowSource, NetworkView, Verdict } from '#libs/policy/model.js';
import { publishedPort } from '#libs/policy/published-port.js';
import type { FlowCode } from './flow-code.js';

/** What an alias and port meant when a flow began; a flow whose target is no longer this is cut. */
export interface FlowTarget {
  readonly sandboxId: SandboxId;
  readonly agentId: AgentId;
  /** The port inside the sandbox. */
  readonly port: number;
}

/** A flow as the policy of one host sees it. */
export interface FlowSubject {
  readonly question: FlowQuestion;
  /** Who brought it: this host's own proxy, or an authenticated peer. */
  readonly from: { readonly kind: 'proxy' } | { readonly kind: 'peer'; readonly peer: MeshIdentity };
  /** What was allowed before; null: not decided yet. */
  readonly target: FlowTarget | null;
}

export type Decision =
  | { readonly allowed: true; readonly verdict: Verdict; readonly target: FlowTarget }
  | { readonly allowed: false; readonly code: FlowCode; readonly verdict: Verdict | null };

/**
 * Whether a host may carry a flow, from its own copy of the topology alone. `self` is the host's agent; null for a
 * developer's machine.
 */
export function judge(view: NetworkView | null, subject: FlowSubject, self: AgentId | null): Decision {
  if (view === null) return { allowed: false, code: 'NETWORK_UNKNOWN', verdict: null };
  const verdict = evaluate(view, subject.question);
  const refuse = (code: FlowCode): Decision => ({ allowed: false, code, verdict });

  const inPlace = isSourceWhereItClaims(view, subject, self);
  if (!inPlace && subject.from.kind === 'peer') return refuse('SOURCE_NOT_ON_PEER');
  if (verdict.reason !== 'ALLOWED') return refuse(verdict.reason);
  if (!inPlace) return refuse('SOURCE_NOT_HERE');

  const record = view.aliases.get(subject.question.alias);
  if (record === undefined) return refuse('NO_ALIAS');
  const port = publishedPort(record, subject.question.port);
  if (port === null) return refuse('NO_PORT');
  const agentId = view.sandboxes.get(record.sandboxId)?.agentId ?? null;
  if (agentId === null) return refuse(subject.target === null ? 'TARGET_NOT_PLACED' : 'TARGET_MOVED');
  const target: FlowTarget = { sandboxId: record.sandboxId, agentId, port: port.target };

  if (subject.target !== null && !isSameTarget(subject.target, target)) return refuse('TARGET_MOVED');
  if (subject.from.kind === 'peer' && agentId !== self) return refuse('TARGET_NOT_HERE');
  return { allowed: true, verdict, target };
}

function isSourceWhereItClaims(view: NetworkView, { question, from }: FlowSubject, self: AgentId | null): boolean {
  const { source } = question;
  if (from.kind === 'proxy') {
    return source.kind === 'local' ? self === null : placedOn(view, source) === self && self !== null;
  }
  if (from.peer.kind === 'agent') return source.kind === 'sandbox' && placedOn(view, source) === from.peer.agentId;
  return source.kind === 'local' && source.user === from.peer.user && source.node === from.peer.node;
}

function placedOn(view: NetworkView, source: FlowSource & { kind: 'sandbox' }): AgentId | null {
  return view.sandboxes.get(source.sandboxId)?.agentId ?? null;
}

function isSameTarget(a: FlowTarget, b: FlowTarget): boolean {
  return a.sandboxId === b.sandboxId && a.agentId === b.agentId && a.port === b.port;
}

/** One string a source; two sources are the same exactly when their strings are. */
export function sourceKey(source: FlowSource): string {
  return source.kind === 'sandbox' ? `sandbox ${source.sandboxId}` : `local ${source.user} ${source.node}`;
}
