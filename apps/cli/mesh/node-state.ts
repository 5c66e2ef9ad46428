import type { ForwardState, JoinedNetworkState, LocalNodeState } from '#libs/contracts/local-node-requests.js';
import { EXIT } from '../errors/exit-codes.js';
import { askNode, lastState } from './node-client.js';

/** What is known about this machine's background node. */
export interface KnownNode {
  readonly running: boolean;
  /** It ended without leaving its networks. */
  readonly died: boolean;
  /** null: there never was one. */
  readonly pid: number | null;
  readonly networks: readonly JoinedNetworkState[];
}

/** Asks the background node. If it has ended, uses its last record, as far as that can still be true. */
export async function knownNode(folder: string): Promise<KnownNode> {
  const answer = await askNode(folder, { kind: 'status' });
  const state = answer?.state ?? lastState(folder);
  const networks = state?.networks ?? [];
  const died = answer === null && networks.some((network) => network.state !== 'ended');
  return {
    running: answer !== null,
    died,
    pid: state?.pid ?? null,
    networks: died && state !== null ? afterDeath(state) : networks,
  };
}

/**
 * 4 if this machine is no longer in a network although nobody asked it to leave: it was revoked, its login has ended,
 * or the network was deleted. 5 if something is unknown.
 */
export function exitCodeOf({ died, networks }: KnownNode): number {
  if (!died && networks.some(({ state, code }) => state === 'ended' && code !== 'LEFT')) return EXIT.unreachable;

  const isUnknown = networks.some(
    ({ state, forwards }) => state === 'unknown' || forwards.some((forward) => forward.state === 'unknown'),
  );
  return died || isUnknown ? EXIT.unknown : EXIT.ok;
}

/** When the process ends, its ports are closed and it leaves the mesh. */
function afterDeath({ pid, networks }: LocalNodeState): readonly JoinedNetworkState[] {
  const message = `the background node (pid ${pid}) is gone`;
  return networks.map((network) =>
    network.state === 'ended'
      ? network
      : {
          ...network,
          ...{ state: 'ended', code: 'NODE_DIED', message, remedy: `gstacks mesh join ${network.network}` },
          ...{ bus: 'closed', mesh: 'left', newerVersion: null, reachable: [] },
          forwards: network.forwards.map(
            (forward): ForwardState => ({
              ...forward,
              ...{ state: 'ended', reason: message, lastKnown: null, connections: 0 },
            }),
          ),
        },
  );
}
