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
 * Takes a version that leads forward: its policy is in force, and denied flows are cut, when this returns. Ports of
 * this machine follow by themselves and there are no names, so that it is applied then.
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
