import type { Topology } from '#libs/topology/model.js';
import type { Decision } from '../decision.js';
import type { NetworkEvent } from '../events.js';
import { sameLabels } from '../labels.js';
import type { NetworkCommandOf } from './commands.js';

/** What is copied from a sandbox's stream may come after the sandbox was detached: then there is nothing to do. */
export function changePlacement(
  { sandboxId, agentId }: NetworkCommandOf<'ChangePlacement'>,
  network: Topology,
): Decision<NetworkEvent, null> {
  const sandbox = network.sandboxes.get(sandboxId);
  if (sandbox === undefined || sandbox.agentId === agentId) return { events: [], result: null, warnings: [] };
  return {
    events: [{ type: 'SandboxPlacementChanged', data: { sandboxId, agentId } }],
    result: null,
    warnings: [],
  };
}

export function changeLabels(
  { sandboxId, labels }: NetworkCommandOf<'ChangeLabels'>,
  network: Topology,
): Decision<NetworkEvent, null> {
  const sandbox = network.sandboxes.get(sandboxId);
  if (sandbox === undefined || sameLabels(sandbox.labels, labels)) return { events: [], result: null, warnings: [] };
  return { events: [{ type: 'SandboxLabelsChanged', data: { sandboxId, labels } }], result: null, warnings: [] };
}
