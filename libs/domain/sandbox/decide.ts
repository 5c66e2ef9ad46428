import type { AgentId, SandboxId } from '#libs/contracts/ids.js';
import { NETWORK_LIMITS } from '#libs/policy/limits.js';
import type { Decision } from '../decision.js';
import type { Labels } from '../labels.js';
import { sameLabels } from '../labels.js';
import type { SandboxEvent } from '../sandbox/events.js';
import {
  LabelContradictionError,
  PlacementConflictError,
  SandboxNotFoundError,
  SandboxNotPlacedError,
  SandboxPinnedError,
  TooManyLabelsError,
} from './refusals.js';
import { evolveSandbox, type SandboxState } from './state.js';

/** Reports of agents' drivers, and commands of operators. */
export type SandboxCommand =
  | {
      readonly kind: 'ReportSandbox';
      readonly sandboxId: SandboxId;
      readonly agentId: AgentId;
      readonly address: string;
      readonly driver: string;
    }
  /** The agent's driver no longer reports it. */
  | { readonly kind: 'ReportGone'; readonly sandboxId: SandboxId; readonly agentId: AgentId }
  /** The agent was revoked, or an operator releases the sandbox. Does nothing unless this agent has it. */
  | { readonly kind: 'ReleaseSandbox'; readonly sandboxId: SandboxId; readonly agentId: AgentId | null }
  /** `agentId` null: pin it to its current agent. */
  | { readonly kind: 'PinSandbox'; readonly sandboxId: SandboxId; readonly agentId: AgentId | null }
  | { readonly kind: 'UnpinSandbox'; readonly sandboxId: SandboxId }
  | {
      readonly kind: 'LabelSandbox';
      readonly sandboxId: SandboxId;
      readonly set: Labels;
      readonly remove: readonly string[];
    };

type SandboxDecision = Decision<SandboxEvent, SandboxState | null>;

/**
 * Decides a command about a sandbox; the result is its new state, or null for reports about an unregistered sandbox.
 * Refusals are returned: PLACEMENT_CONFLICT, SANDBOX_PINNED, SANDBOX_NOT_FOUND, SANDBOX_NOT_PLACED, TOO_MANY_LABELS,
 * LABEL_CONTRADICTION.
 */
export function decideSandbox(command: SandboxCommand, sandbox: SandboxState | null): SandboxDecision {
  switch (command.kind) {
    case 'ReportSandbox':
      return report(command, sandbox);
    case 'ReportGone':
      return sandbox?.agentId === command.agentId && sandbox.present
        ? outcome(sandbox, [{ type: 'SandboxGone', data: { agentId: command.agentId } }])
        : outcome(sandbox, []);
    case 'ReleaseSandbox': {
      const { agentId } = command;
      const isThere = agentId !== null && sandbox?.agentId === agentId;
      return outcome(sandbox, isThere ? [{ type: 'SandboxReleased', data: { agentId } }] : []);
    }
    case 'PinSandbox':
      return pin(command, sandbox);
    case 'UnpinSandbox':
      if (sandbox === null) return new SandboxNotFoundError(command.sandboxId);
      return outcome(sandbox, sandbox.pinnedTo === null ? [] : [{ type: 'SandboxUnpinned', data: {} }]);
    case 'LabelSandbox':
      return label(command, sandbox);
  }
}

function outcome(before: SandboxState | null, events: readonly SandboxEvent[]): SandboxDecision {
  return { events, result: events.reduce<SandboxState | null>(evolveSandbox, before), warnings: [] };
}

function report(
  { sandboxId, agentId, address, driver }: Extract<SandboxCommand, { readonly kind: 'ReportSandbox' }>,
  sandbox: SandboxState | null,
): SandboxDecision {
  const placed: SandboxEvent = { type: 'SandboxPlaced', data: { agentId, address, driver } };
  if (sandbox === null) return outcome(null, [{ type: 'SandboxRegistered', data: { sandboxId } }, placed]);
  const { agentId: holder, present, pinnedTo } = sandbox;
  if (holder === agentId && present) {
    return outcome(sandbox, sandbox.driver === driver && sandbox.address === address ? [] : [placed]);
  }
  if (pinnedTo !== null && pinnedTo !== agentId) return new SandboxPinnedError(sandboxId, pinnedTo, agentId);
  if (holder === null) return outcome(sandbox, [placed]);
  if (holder !== agentId) {
    if (present) return new PlacementConflictError(sandboxId, holder, agentId);
    return outcome(sandbox, [{ type: 'SandboxMoved', data: { from: holder, agentId, address, driver } }]);
  }
  if (sandbox.driver !== driver) return outcome(sandbox, [placed]);
  return outcome(sandbox, [{ type: 'SandboxReturned', data: { agentId, address } }]);
}

/** The current agent keeps the sandbox until it reports it gone; the pin decides which agent may have it next. */
function pin(
  { sandboxId, agentId }: Extract<SandboxCommand, { readonly kind: 'PinSandbox' }>,
  sandbox: SandboxState | null,
): SandboxDecision {
  if (sandbox === null) return new SandboxNotFoundError(sandboxId);
  const to = agentId ?? sandbox.agentId;
  if (to === null) return new SandboxNotPlacedError(sandboxId);
  return outcome(sandbox, sandbox.pinnedTo === to ? [] : [{ type: 'SandboxPinned', data: { agentId: to } }]);
}

function label(
  { sandboxId, set, remove }: Extract<SandboxCommand, { readonly kind: 'LabelSandbox' }>,
  sandbox: SandboxState | null,
): SandboxDecision {
  if (sandbox === null) return new SandboxNotFoundError(sandboxId);
  const twice = remove.find((key) => Object.hasOwn(set, key));
  if (twice !== undefined) return new LabelContradictionError(twice);
  const kept = Object.entries(sandbox.labels).filter(([key]) => !remove.includes(key));
  const labels = Object.fromEntries([...kept, ...Object.entries(set)]);
  if (Object.keys(labels).length > NETWORK_LIMITS.labelsPerSandbox) {
    return new TooManyLabelsError(sandboxId, NETWORK_LIMITS.labelsPerSandbox);
  }
  return outcome(sandbox, sameLabels(labels, sandbox.labels) ? [] : [{ type: 'SandboxLabelled', data: { labels } }]);
}
