import type { FlowEngine } from '#libs/data-plane/data-plane.js';
import type { HeldNetwork } from '#libs/data-plane/topology/held-network.js';
import type { Acknowledgements } from '#libs/member/acknowledgements.js';
import { appliedMessage } from '#libs/member/applied-message.js';
import { viewOf } from '#libs/policy/view.js';
import type { HeldCopy } from './held-copy.js';

export interface ApplyPorts {
  readonly copy: HeldCopy;
  readonly engine: Pick<FlowEngine, 'apply'>;
  readonly acknowledgements: Pick<Acknowledgements, 'add'>;
  readonly now: () => Date;
  readonly applied: (held: HeldNetwork, flowsCut: number) => void;
}

/**
 * Applies a newer version: when this returns, its policy is in force and denied flows are cut. Local ports follow the
 * policy and there are no names, so nothing else has to be applied.
 */
export function applyHere(held: HeldNetwork, ports: ApplyPorts): void {
  const { copy, engine, acknowledgements, now } = ports;
  const from = copy.current?.snapshot.version ?? null;
  copy.networks.hold(held);
  const { networkId, participates } = held.snapshot;
  const flowsCut = engine.apply(networkId, participates ? viewOf(held.snapshot) : null);
  acknowledgements.add(appliedMessage(held, { from, aliasFailures: [], flowsCut, appliedAt: now() }));
  ports.applied(held, flowsCut.length);
}
