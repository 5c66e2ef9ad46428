import type { MeshState } from '#libs/contracts/bus/from-member/hello.js';
import type { ForwardState, JoinedNetworkState } from '#libs/contracts/local-node-requests.js';
import { meshRemedy } from '#libs/contracts/mesh-remedies.js';
import type { HeldNetwork } from '#libs/data-plane/topology/held-network.js';
import { ControlPlaneRefusedError } from '#libs/member/control-plane-http.js';
import type { LocalCredentials } from './control-plane-api.js';
import type { Currency } from './last-word.js';

/** Why this machine is no longer in the network. */
export interface Ending {
  readonly code: string;
  readonly message: string;
  readonly remedy: string | null;
}

/** Why a failed renewal ends the membership; null: it does not, because another attempt may succeed. */
export function endingOf(error: unknown): Ending | null {
  if (!(error instanceof ControlPlaneRefusedError)) return null;
  const { code, message, remedy } = error;
  return { code, message, remedy };
}

type OfferedMesh = Pick<LocalCredentials, 'meshTransport' | 'meshControlUrl'>;

/** Why renewed credentials end the membership: they are for another mesh than the joined one; null: they are not. */
export function meshMoved(network: string, joined: OfferedMesh, renewed: OfferedMesh): Ending | null {
  if (joined.meshTransport === renewed.meshTransport && joined.meshControlUrl === renewed.meshControlUrl) return null;
  const nameOf = ({ meshTransport, meshControlUrl }: OfferedMesh) =>
    meshControlUrl === null ? meshTransport : `${meshTransport} at ${meshControlUrl}`;
  return {
    code: 'MESH_MOVED',
    message: `the control plane now has another mesh: ${nameOf(renewed)} instead of ${nameOf(joined)}`,
    remedy: `gstacks mesh join ${network}`,
  };
}

export interface JoinedFacts {
  readonly network: string;
  readonly credentials: LocalCredentials;
  readonly ending: Ending | null;
  readonly currency: Currency;
  readonly lastContactAt: Date;
  readonly mesh: MeshState;
  readonly bus: string;
  /** Why there is no connection to the bus; null: there is one. */
  readonly busFault: Ending | null;
  /** null: no topology has arrived yet. */
  readonly held: HeldNetwork | null;
  readonly forwards: readonly ForwardState[];
}

/** The state of one network for `gstacks mesh status`. */
export function joinedState(facts: JoinedFacts): JoinedNetworkState {
  const { network, credentials, ending, currency, mesh, bus, held, forwards } = facts;
  const { nodeId, user, expiresAt } = credentials;
  const { code, message, remedy } = ending ??
    busFault(facts) ??
    doubt(facts) ?? { ...mesh, remedy: meshRemedy(mesh.code) };
  const isSilent = currency.kind === 'silent';
  const meshNow = isSilent && mesh.transport === 'direct' ? 'unknown' : mesh.state;
  return {
    ...{ network, nodeId, user, code, message, remedy, bus, forwards },
    state: ending === null ? (isSilent ? 'unknown' : 'joined') : 'ended',
    lastContactAt: facts.lastContactAt.toISOString(),
    mesh: ending === null ? meshNow : 'left',
    version: held?.snapshot.version ?? null,
    newerVersion: currency.kind === 'outdated' ? currency.version : null,
    expiresAt: expiresAt.toISOString(),
    reachable: (held?.snapshot.aliases ?? []).flatMap(({ alias, ports }) =>
      ports.map(({ published }) => `${alias}:${published}`),
    ),
  };
}

/**
 * The cause of a missing connection, without which this machine hears of nothing; null: there is a connection, or the
 * bus has only stopped answering, which is told with the time of the last contact.
 */
function busFault({ network, currency, busFault: fault }: JoinedFacts): Ending | null {
  if (fault === null || (currency.kind === 'silent' && fault.code === 'BUS_NOT_CONNECTED')) return null;
  const { code, message, remedy } = fault;
  return { code, message, remedy: `${remedy}; then gstacks mesh join ${network}` };
}

/** Why the shown state may be out of date; null: it is confirmed. */
function doubt({ network, currency, held, busFault: fault }: JoinedFacts): Ending | null {
  switch (currency.kind) {
    case 'current':
      return null;
    case 'silent':
      return {
        code: 'OUT_OF_CONTACT',
        message: [
          `the control plane last answered at ${currency.since.toISOString()}; what is shown is from then`,
          ...(fault === null ? [] : [fault.message]),
        ].join('; '),
        remedy: 'gstacks whoami',
      };
    case 'outdated':
      return {
        code: 'VERSION_OUTDATED',
        message:
          `version ${held?.snapshot.version ?? 'none'} is held; version ${currency.version} exists since ` +
          `${currency.since.toISOString()} and has not arrived`,
        remedy: `gstacks network status ${network}`,
      };
  }
}
