import type { Topology } from '#libs/policy/model.js';
import { sameLabels } from '../labels.js';
import type { NetworkCommandOf, NetworkDecision } from './commands.js';

/** A copied change may arrive after the sandbox was detached; then it changes nothing. */
export function changePlacement(
  { sandboxId, agentId }: NetworkCommandOf<'ChangePlacement'>,
  network: Topology,
): NetworkDecision<'ChangePlacement'> {
  const sandbox = network.sandboxes.get(sandboxId);
  if (sandbox === undefined || sandbox.agentId === agentId) {
    const unchangedSince = sandbox?.placedSince ?? null;
    return { events: [], result: null, warnings: [], unchangedSince };
  }
  return {
    events: [{ type: 'SandboxPlacementChanged', data: { sandboxId, agentId } }],
    result: null,
    warnings: [],
    unchangedSince: null,
  };
}

export function changeLabels(
  { sandboxId, labels }: NetworkCommandOf<'ChangeLabels'>,
  network: Topology,
): NetworkDecision<'ChangeLabels'> {
  const sandbox = network.sandboxes.get(sandboxId);
  if (sandbox === undefined || sameLabels(sandbox.labels, labels)) {
    const unchangedSince = sandbox?.labelledSince ?? null;
    return { events: [], result: null, warnings: [], unchangedSince };
  }
  return {
    events: [{ type: 'SandboxLabelsChanged', data: { sandboxId, labels } }],
    result: null,
    warnings: [],
    unchangedSince: null,
  };
}
