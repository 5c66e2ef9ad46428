import type { ForwardState, JoinedNetworkState, LocalNodeState } from '#libs/contracts/local-node-requests.js';
import { EXIT } from '../errors/exit-codes.js';
import { askNode, lastState } from './node-client.js';

/** What is known of this machine's background node. */
export interface KnownNode {
  readonly running: boolean;
  /** It ended without having left its networks. */
  readonly died: boolean;
  /** null: there never was one. */
  readonly pid: number | null;
  readonly networks: readonly JoinedNetworkState[];
}

/** Asks the background node; of one that is gone, what it wrote down last, as far as that can still be so. */
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
 * 4 when this machine is in a network no more although nobody asked it to leave: it was revoked, its login has ended,
 * or the network was deleted. 5 while something is not known.
 */
export function exitCodeOf({ died, networks }: KnownNode): number {
  if (!died && networks.some(({ state, code }) => state === 'ended' && code !== 'LEFT')) return EXIT.unreachable;

  const isUnknown = networks.some(
    ({ state, forwards }) => state === 'unknown' || forwards.some((forward) => forward.state === 'unknown'),
  );
  return died || isUnknown ? EXIT.unknown : EXIT.ok;
}

/** With the process its ports are closed, and its place in the mesh is gone. */
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
