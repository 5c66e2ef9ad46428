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
  TooManyLabelsError,
} from './refusals.js';
import { evolveSandbox, type SandboxState } from './state.js';

/** What an agent's driver sees, and what operators say. All but LabelSandbox come from an agent's inventory. */
export type SandboxCommand =
  | {
      readonly kind: 'ReportSandbox';
      readonly sandboxId: SandboxId;
      readonly agentId: AgentId;
      readonly address: string;
      readonly driver: string;
    }
  /** The agent's driver no longer sees it. */
  | { readonly kind: 'ReportGone'; readonly sandboxId: SandboxId; readonly agentId: AgentId }
  /** The agent gives it up, or was revoked. */
  | { readonly kind: 'ReleaseSandbox'; readonly sandboxId: SandboxId; readonly agentId: AgentId }
  | {
      readonly kind: 'LabelSandbox';
      readonly sandboxId: SandboxId;
      readonly set: Labels;
      readonly remove: readonly string[];
    };

type SandboxDecision = Decision<SandboxEvent, SandboxState | null>;

/**
 * What a command makes of a sandbox. The result is the state it leads to; null for reports about a sandbox that
 * nobody has registered. Refusals are returned: PLACEMENT_CONFLICT, SANDBOX_NOT_FOUND, TOO_MANY_LABELS,
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
    case 'ReleaseSandbox':
      return sandbox?.agentId === command.agentId
        ? outcome(sandbox, [{ type: 'SandboxReleased', data: { agentId: command.agentId } }])
        : outcome(sandbox, []);
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
  if (sandbox.agentId === null) return outcome(sandbox, [placed]);
  if (sandbox.agentId !== agentId) return new PlacementConflictError(sandboxId, sandbox.agentId, agentId);
  if (sandbox.driver !== driver) return outcome(sandbox, [placed]);
  if (!sandbox.present) return outcome(sandbox, [{ type: 'SandboxReturned', data: { agentId, address } }]);
  return outcome(sandbox, sandbox.address === address ? [] : [placed]);
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
