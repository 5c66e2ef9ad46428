import type { AgentId, AliasName, OutsideName, SandboxId } from '#libs/contracts/ids.js';
import { type DestinationName, isOutsideName } from '#libs/contracts/outside-names.js';
import type { MeshIdentity } from '#libs/mesh/flow.js';
import { evaluate } from '#libs/policy/evaluate.js';
import { evaluateOutside } from '#libs/policy/evaluate-outside.js';
import type { FlowQuestion, FlowSource, NetworkView, Verdict } from '#libs/policy/model.js';
import { publishedPort } from '#libs/policy/published-port.js';
import type { OutsideDialTarget } from '../data-plane.js';
import type { FlowCode } from './flow-code.js';

/** What an alias and port meant when a flow began; a flow whose target is no longer this is cut. */
export interface SandboxTarget {
  readonly kind: 'sandbox';
  readonly alias: AliasName;
  readonly sandboxId: SandboxId;
  readonly agentId: AgentId;
  /** The port inside the sandbox. */
  readonly port: number;
}

/** A name outside. `via`: the agent that dials it; null: this host. */
export type OutsideTarget = { readonly kind: 'outside'; readonly via: AgentId | null } & OutsideDialTarget;

export type FlowTarget = SandboxTarget | OutsideTarget;

/** The agent that connects to the target; null: this host does, to a name outside. */
export function carrierOf(target: FlowTarget): AgentId | null {
  return target.kind === 'sandbox' ? target.agentId : target.via;
}

/** A flow as the policy of one host sees it. */
export interface FlowSubject {
  readonly source: FlowSource;
  readonly to: DestinationName;
  readonly port: number;
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
 * developer's machine. `nowMs` as in `evaluate`.
 */
export function judge(view: NetworkView | null, subject: FlowSubject, self: AgentId | null, nowMs: number): Decision {
  if (view === null) return { allowed: false, code: 'NETWORK_UNKNOWN', verdict: null };
  const { source, to, port } = subject;
  if (isOutsideName(to)) return judgeOutside(view, subject, to, self, nowMs);
  return judgeInside(view, subject, { source, alias: to, port }, self, nowMs);
}

function judgeInside(
  view: NetworkView,
  subject: FlowSubject,
  question: FlowQuestion,
  self: AgentId | null,
  nowMs: number,
): Decision {
  const verdict = evaluate(view, question, nowMs);

  const inPlace = isSourceWhereItClaims(view, subject, self);
  if (!inPlace && subject.from.kind === 'peer') return refused('SOURCE_NOT_ON_PEER', verdict);
  if (verdict.reason !== 'ALLOWED') return refused(verdict.reason, verdict);
  if (!inPlace) return refused('SOURCE_NOT_HERE', verdict);

  const record = view.aliases.get(question.alias);
  if (record === undefined) return refused('NO_ALIAS', verdict);
  const port = publishedPort(record, question.port);
  if (port === null) return refused('NO_PORT', verdict);
  const agentId = view.sandboxes.get(record.sandboxId)?.agentId ?? null;
  if (agentId === null) return refused(subject.target === null ? 'TARGET_NOT_PLACED' : 'TARGET_MOVED', verdict);
  const { alias, sandboxId } = record;
  const target: FlowTarget = { kind: 'sandbox', alias, sandboxId, agentId, port: port.target };

  if (subject.target !== null && !isSameTarget(subject.target, target)) return refused('TARGET_MOVED', verdict);
  if (subject.from.kind === 'peer' && agentId !== self) return refused('TARGET_NOT_HERE', verdict);
  return { allowed: true, verdict, target };
}

/** A name outside is dialled by the agent of the sandbox itself, or by the exit that the deciding rule names. */
function judgeOutside(
  view: NetworkView,
  subject: FlowSubject,
  name: OutsideName,
  self: AgentId | null,
  nowMs: number,
): Decision {
  const { source, port, from, target: before } = subject;
  if (source.kind === 'local') return { allowed: false, code: 'NOT_ATTACHED', verdict: null };
  const verdict = evaluateOutside(view, { sandboxId: source.sandboxId, name, port }, nowMs);
  const inPlace = isSourceWhereItClaims(view, subject, self);
  if (!inPlace && from.kind === 'peer') return refused('SOURCE_NOT_ON_PEER', verdict);
  if (verdict.reason !== 'ALLOWED') return refused(verdict.reason, verdict);
  if (!inPlace) return refused('SOURCE_NOT_HERE', verdict);
  if (from.kind === 'peer' && verdict.via !== self) return refused('EXIT_NOT_HERE', verdict);
  const via = verdict.via === self ? null : verdict.via;
  const target: FlowTarget = { kind: 'outside', via, name, port, mayBePrivate: verdict.mayBePrivate };
  if (before !== null && !isSameTarget(before, target)) return refused('TARGET_MOVED', verdict);
  return { allowed: true, verdict, target };
}

function refused(code: FlowCode, verdict: Verdict): Decision {
  return { allowed: false, code, verdict };
}

function isSourceWhereItClaims(view: NetworkView, { source, from }: FlowSubject, self: AgentId | null): boolean {
  if (from.kind === 'proxy') {
    return source.kind === 'local' ? self === null : placedOn(view, source) === self && self !== null;
  }
  if (from.peer.kind === 'agent') return source.kind === 'sandbox' && placedOn(view, source) === from.peer.agentId;
  return source.kind === 'local' && source.user === from.peer.user && source.node === from.peer.node;
}

function placedOn(view: NetworkView, source: FlowSource & { kind: 'sandbox' }): AgentId | null {
  return view.sandboxes.get(source.sandboxId)?.agentId ?? null;
}

/** A connection does not outlive the permission for private addresses, nor leave from another exit than the rule's. */
function isSameTarget(before: FlowTarget, now: FlowTarget): boolean {
  if (before.kind === 'outside' || now.kind === 'outside') {
    if (before.kind !== 'outside' || now.kind !== 'outside') return false;
    return before.via === now.via && (now.mayBePrivate || !before.mayBePrivate);
  }
  return before.sandboxId === now.sandboxId && before.agentId === now.agentId && before.port === now.port;
}

/** One string a source; two sources are the same exactly when their strings are. */
export function sourceKey(source: FlowSource): string {
  return source.kind === 'sandbox' ? `sandbox ${source.sandboxId}` : `local ${source.user} ${source.node}`;
}
