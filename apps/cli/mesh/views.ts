import type { ForwardState, JoinedNetworkState } from '#libs/contracts/local-node-requests.js';
import { secondsSince, unknown } from '../output/ago.js';
import type { Column } from '../output/table.js';
import { timeText } from '../output/time-text.js';

/** `nowMs`: this machine's time, which the background node uses too. */
export const joinedColumns = (nowMs: number): readonly Column<JoinedNetworkState>[] => {
  const since = ({ lastContactAt }: JoinedNetworkState): number =>
    lastContactAt === null ? 0 : secondsSince(lastContactAt, nowMs);
  return [
    { heading: 'NETWORK', cell: ({ network }) => network },
    { heading: 'NODE', cell: ({ nodeId }) => nodeId },
    { heading: 'USER', cell: ({ user }) => user },
    {
      heading: 'STATE',
      cell: (joined) => (joined.state === 'unknown' ? unknown('joined', since(joined)) : joined.state),
    },
    { heading: 'BUS', cell: ({ bus }) => bus },
    { heading: 'MESH', cell: (joined) => (joined.mesh === 'unknown' ? unknown('joined', since(joined)) : joined.mesh) },
    {
      heading: 'VERSION',
      cell: ({ version, newerVersion }) =>
        newerVersion === null ? version : `${version ?? 'none'} of ${newerVersion}`,
    },
    { heading: 'CREDENTIALS END', cell: ({ expiresAt }) => timeText(expiresAt) },
    {
      heading: 'REACHABLE',
      cell: (joined) => {
        const reachable = joined.reachable.join(' ');
        return joined.state === 'unknown' && reachable !== '' ? unknown(reachable, since(joined)) : reachable;
      },
    },
  ];
};

export const forwardColumns = (nowMs: number): readonly Column<ForwardState & { readonly network: string }>[] => [
  { heading: 'LOCAL', cell: ({ localPort }) => `127.0.0.1:${localPort}` },
  { heading: 'NETWORK', cell: ({ network }) => network },
  { heading: 'TO', cell: ({ alias, port }) => `${alias}:${port}` },
  {
    heading: 'STATE',
    cell: ({ state, lastKnown }) =>
      lastKnown === null ? state : unknown(lastKnown.state, secondsSince(lastKnown.at, nowMs)),
    wraps: true,
  },
  { heading: 'CONNECTIONS', cell: ({ connections }) => connections, leavesAt: 1 },
  { heading: 'REASON', cell: ({ reason }) => reason, wraps: true },
];
