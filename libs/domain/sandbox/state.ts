import { CodedError } from '#libs/contracts/errors.js';
import type { AgentId, SandboxId } from '#libs/contracts/ids.js';
import { type Labels, sameLabels } from '../labels.js';
import type { SandboxEvent } from '../sandbox/events.js';

/** The state of a sandbox: the fold of its stream. version is the stream version. */
export interface SandboxState {
  readonly sandboxId: SandboxId;
  readonly version: number;
  /**
   * The agent that placed it; null: none yet, or it was released. A sandbox that is gone stays with its agent until
   * another agent reports it.
   */
  readonly agentId: AgentId | null;
  /** The version since which this agent has it. */
  readonly placedSince: number;
  /** The agent that had it before; null: none. */
  readonly formerAgentId: AgentId | null;
  /** The address that its agent last reported. */
  readonly address: string | null;
  readonly driver: string | null;
  readonly labels: Labels;
  /** The version since which it has these labels. */
  readonly labelledSince: number;
  /** Whether its agent currently reports it. */
  readonly present: boolean;
  /** The only agent that may place it; null: whichever reports it first. */
  readonly pinnedTo: AgentId | null;
  /** The version since which it is pinned there, or not pinned. */
  readonly pinnedSince: number;
}

/** The stream does not begin with SandboxRegistered, or has a second one. */
export class SandboxStreamError extends CodedError {
  constructor(type: string, version: number) {
    super(
      'STREAM_OUT_OF_ORDER',
      `event ${type} cannot stand at version ${version} of a sandbox stream`,
      'see docs/operations.md, STREAM_UNREADABLE: a newer release wrote it, or the log is damaged',
    );
  }
}

/** The sandbox after one more event of its stream. Throws SandboxStreamError. */
export function evolveSandbox(before: SandboxState | null, event: SandboxEvent): SandboxState {
  if (event.type === 'SandboxRegistered') {
    if (before !== null) throw new SandboxStreamError(event.type, before.version + 1);
    const { sandboxId } = event.data;
    return {
      ...{ sandboxId, version: 1 },
      ...{ ...NOWHERE, placedSince: 1, formerAgentId: null },
      ...{ labels: {}, labelledSince: 1 },
      ...{ pinnedTo: null, pinnedSince: 1 },
    };
  }
  if (before === null) throw new SandboxStreamError(event.type, 1);
  const version = before.version + 1;
  return { ...before, ...change(before, event, version), version };
}

const NOWHERE = { agentId: null, address: null, driver: null, present: false } as const;

function change(
  before: SandboxState,
  event: Exclude<SandboxEvent, { readonly type: 'SandboxRegistered' }>,
  version: number,
): Partial<SandboxState> {
  switch (event.type) {
    case 'SandboxPlaced':
      return { ...event.data, ...holder(before, event.data.agentId, version), present: true };
    case 'SandboxMoved': {
      const { agentId, address, driver } = event.data;
      return { address, driver, ...holder(before, agentId, version), present: true };
    }
    case 'SandboxReturned':
      return { address: event.data.address, present: true };
    case 'SandboxGone':
      return { present: false };
    case 'SandboxReleased':
      return { ...NOWHERE, ...holder(before, null, version) };
    case 'SandboxPinned':
      return pin(before, event.data.agentId, version);
    case 'SandboxUnpinned':
      return pin(before, null, version);
    case 'SandboxLabelled': {
      const { labels } = event.data;
      return { labels, labelledSince: sameLabels(before.labels, labels) ? before.labelledSince : version };
    }
  }
}

/** A released sandbox remembers its last agent, which is no longer a former agent once it has the sandbox again. */
function holder(before: SandboxState, agentId: AgentId | null, version: number): Partial<SandboxState> {
  if (before.agentId === agentId) return {};
  const former = before.agentId ?? before.formerAgentId;
  return { agentId, placedSince: version, formerAgentId: former === agentId ? null : former };
}

function pin(before: SandboxState, pinnedTo: AgentId | null, version: number): Partial<SandboxState> {
  return before.pinnedTo === pinnedTo ? {} : { pinnedTo, pinnedSince: version };
}
