import type { ForwardState, JoinedNetworkState } from '#libs/contracts/local-node-control.js';
import { meshRemedy } from '#libs/contracts/mesh-remedies.js';
import type { HeldNetwork } from '#libs/data-plane/topology/held-network.js';
import type { TransportStatus } from '#libs/mesh/transport.js';
import type { JoinRefusedError, LocalCredentials } from './control-plane-api.js';

/** Why this machine is in the network no more. */
export interface Ending {
  readonly code: string;
  readonly message: string;
  readonly remedy: string | null;
}

/** The control plane said no, for good. */
export function endingOf({ code, message, remedy }: JoinRefusedError): Ending {
  return { code, message, remedy };
}

export interface JoinedFacts {
  readonly network: string;
  readonly credentials: LocalCredentials;
  readonly ending: Ending | null;
  readonly mesh: TransportStatus;
  readonly bus: string;
  /** null: no topology has arrived yet. */
  readonly held: HeldNetwork | null;
  readonly forwards: readonly ForwardState[];
}

/** What `gstacks mesh status` tells of one network. */
export function joinedState(facts: JoinedFacts): JoinedNetworkState {
  const { network, credentials, ending, mesh, bus, held, forwards } = facts;
  const { nodeId, user, expiresAt } = credentials;
  const { code, message, remedy } = ending ?? { ...mesh, remedy: meshRemedy(mesh.code) };
  return {
    ...{ network, nodeId, user, code, message, remedy, bus, forwards },
    state: ending === null ? 'joined' : 'ended',
    mesh: ending === null ? mesh.state : 'left',
    version: held?.snapshot.version ?? null,
    expiresAt: expiresAt.toISOString(),
    reachable: (held?.snapshot.aliases ?? []).flatMap(({ alias, ports }) =>
      ports.map(({ published }) => `${alias}:${published}`),
    ),
  };
}
