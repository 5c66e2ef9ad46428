import { CodedError } from '#libs/contracts/errors.js';
import type { AgentId, SandboxId } from '#libs/contracts/ids.js';
import { type Labels, sameLabels } from '../labels.js';
import type { SandboxEvent } from '../sandbox/events.js';

/** A sandbox as its stream folds: version is the stream version. */
export interface SandboxState {
  readonly sandboxId: SandboxId;
  readonly version: number;
  /** Who placed it; null: nobody yet, or it was released. It stays with its agent while it is gone. */
  readonly agentId: AgentId | null;
  /** Where its agent last saw it. */
  readonly address: string | null;
  readonly driver: string | null;
  readonly labels: Labels;
  /** The version at which its labels became these. */
  readonly labelledSince: number;
  /** Whether its agent sees it now. */
  readonly present: boolean;
}

/** The stream does not begin with SandboxRegistered, or has a second one. */
export class SandboxStreamError extends CodedError {
  constructor(type: string, version: number) {
    super(
      'STREAM_OUT_OF_ORDER',
      `event ${type} cannot stand at version ${version} of a sandbox stream`,
      'run gstacks audit verify: the log may be damaged',
    );
  }
}

/** The sandbox after one more event of its stream. Throws SandboxStreamError. */
export function evolveSandbox(before: SandboxState | null, event: SandboxEvent): SandboxState {
  if (event.type === 'SandboxRegistered') {
    if (before !== null) throw new SandboxStreamError(event.type, before.version + 1);
    const { sandboxId } = event.data;
    const nowhere = { agentId: null, address: null, driver: null, present: false };
    return { sandboxId, version: 1, ...nowhere, labels: {}, labelledSince: 1 };
  }
  if (before === null) throw new SandboxStreamError(event.type, 1);
  const version = before.version + 1;
  return { ...before, ...change(before, event, version), version };
}

function change(
  before: SandboxState,
  event: Exclude<SandboxEvent, { readonly type: 'SandboxRegistered' }>,
  version: number,
): Partial<SandboxState> {
  switch (event.type) {
    case 'SandboxPlaced':
      return { ...event.data, present: true };
    case 'SandboxReturned':
      return { address: event.data.address, present: true };
    case 'SandboxGone':
      return { present: false };
    case 'SandboxReleased':
      return { agentId: null, address: null, driver: null, present: false };
    case 'SandboxLabelled': {
      const { labels } = event.data;
      return { labels, labelledSince: sameLabels(before.labels, labels) ? before.labelledSince : version };
    }
  }
}
