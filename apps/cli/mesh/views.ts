import type { ForwardState, JoinedNetworkState } from '#libs/contracts/local-node-control.js';
import type { Column } from '../output/table.js';

export const joinedColumns: readonly Column<JoinedNetworkState>[] = [
  { heading: 'NETWORK', cell: ({ network }) => network },
  { heading: 'NODE', cell: ({ nodeId }) => nodeId },
  { heading: 'USER', cell: ({ user }) => user },
  { heading: 'STATE', cell: ({ state }) => state },
  { heading: 'BUS', cell: ({ bus }) => bus },
  { heading: 'MESH', cell: ({ mesh }) => mesh },
  { heading: 'VERSION', cell: ({ version }) => version },
  { heading: 'CREDENTIALS END', cell: ({ expiresAt }) => expiresAt },
  { heading: 'REACHABLE', cell: ({ reachable }) => reachable.join(' ') },
];

export const forwardColumns: readonly Column<ForwardState & { readonly network: string }>[] = [
  { heading: 'LOCAL', cell: ({ localPort }) => `127.0.0.1:${localPort}` },
  { heading: 'NETWORK', cell: ({ network }) => network },
  { heading: 'TO', cell: ({ alias, port }) => `${alias}:${port}` },
  { heading: 'STATE', cell: ({ state }) => state },
  { heading: 'CONNECTIONS', cell: ({ connections }) => connections },
  { heading: 'REASON', cell: ({ reason }) => reason },
];
