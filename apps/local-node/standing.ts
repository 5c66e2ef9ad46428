import type { MeshState } from '#libs/contracts/bus-messages.js';
import type { ForwardState } from '#libs/contracts/local-node-control.js';
import { evaluate } from '#libs/policy/evaluate.js';
import type { FlowSource, NetworkView } from '#libs/policy/model.js';
import type { Forward } from './forwards.js';

export interface Surroundings {
  readonly network: string;
  readonly source: Extract<FlowSource, { kind: 'local' }>;
  /** What the flow engine decides with. */
  readonly view: NetworkView | null;
  readonly isFresh: boolean;
  readonly mesh: MeshState;
  /** Why the last connection of this forward was refused; null: it was not. */
  readonly lastCode: string | null;
}

/** Whether a connection to the forwarded port would get through now, and why not. */
export function standingOf({ alias, port }: Forward, around: Surroundings): Pick<ForwardState, 'state' | 'reason'> {
  const { network, source, view, isFresh, mesh, lastCode } = around;
  if (view === null) return { state: 'denied', reason: 'no topology has arrived yet' };
  if (evaluate(view, { source, alias, port }).effect === 'deny') {
    const question = `gstacks network test ${network} local:${source.user} ${alias}:${port}`;
    return {
      state: 'denied',
      reason: `denied by policy, or not published (version ${view.version}); ask: ${question}`,
    };
  }
  if (!isFresh) return { state: 'denied', reason: 'out of contact with the control plane for too long' };
  if (mesh.state !== 'joined') {
    return { state: 'unreachable', reason: `this machine is not in the mesh: ${mesh.code ?? mesh.state}` };
  }
  if (lastCode === null) return { state: 'open', reason: null };
  const isAway = lastCode.startsWith('PEER_');
  return { state: isAway ? 'unreachable' : 'open', reason: `the last connection was refused: ${lastCode}` };
}
