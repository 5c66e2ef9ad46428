import { CodedError } from '#libs/contracts/errors.js';
import type { AgentId, SandboxId } from '#libs/contracts/ids.js';
import { type Labels, sameLabels } from '../labels.js';
import type { SandboxEvent } from '../sandbox/events.js';

/** A sandbox as its stream folds: version is the stream version. */
export interface SandboxState {
  readonly sandboxId: SandboxId;
  readonly version: number;
  /**
   * Who placed it; null: nobody yet, or it was released. While it is gone it stays with its agent, until another
   * reports it.
   */
  readonly agentId: AgentId | null;
  /** The version at which its agent became this one. */
  readonly placedSince: number;
  /** The other agent that held it last; null: there was none. */
  readonly formerAgentId: AgentId | null;
  /** Where its agent last saw it. */
  readonly address: string | null;
  readonly driver: string | null;
  readonly labels: Labels;
  /** The version at which its labels became these. */
  readonly labelledSince: number;
  /** Whether its agent sees it now. */
  readonly present: boolean;
  /** The only agent that may place it; null: whichever reports it first. */
  readonly pinnedTo: AgentId | null;
  /** The version at which it was pinned there, or became free to move. */
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

/** A sandbox that was released keeps in mind who had it; that one is no former agent once it has it again. */
function holder(before: SandboxState, agentId: AgentId | null, version: number): Partial<SandboxState> {
  if (before.agentId === agentId) return {};
  const former = before.agentId ?? before.formerAgentId;
  return { agentId, placedSince: version, formerAgentId: former === agentId ? null : former };
}

function pin(before: SandboxState, pinnedTo: AgentId | null, version: number): Partial<SandboxState> {
  return before.pinnedTo === pinnedTo ? {} : { pinnedTo, pinnedSince: version };
}
