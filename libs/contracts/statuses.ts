/** An agent's progress with a network. UNKNOWN: it is not known. */
export const AGENT_NETWORK_STATUSES = ['SYNCED', 'PENDING', 'STALE', 'FAILED', 'OFFLINE', 'UNKNOWN'] as const;
export type AgentNetworkStatus = (typeof AGENT_NETWORK_STATUSES)[number];

export const NETWORK_STATUSES = [
  ...AGENT_NETWORK_STATUSES,
  'EMPTY',
  'EPOCH_REGRESSED',
  'STREAM_UNREADABLE',
  'QUARANTINED',
] as const;
/**
 * The worst status of its agents. EMPTY: no agent takes part. QUARANTINED: an admin cut the network off.
 * STREAM_UNREADABLE: agents serve the last version that this release can read, and nothing is written.
 */
export type NetworkStatus = (typeof NETWORK_STATUSES)[number];

/** UNKNOWN: enrolled, but not heard from since the control plane started. */
export const AGENT_STATUSES = ['ONLINE', 'OFFLINE', 'REVOKED', 'UNKNOWN'] as const;
export type AgentStatus = (typeof AGENT_STATUSES)[number];

/** PAUSED: its processes are frozen. UNKNOWN: its agent is not in contact. UNPLACED: no agent holds it. */
export const SANDBOX_STATUSES = ['RUNNING', 'PAUSED', 'GONE', 'UNPLACED', 'UNKNOWN'] as const;
export type SandboxStatus = (typeof SANDBOX_STATUSES)[number];

/**
 * What became of an ended node at the mesh's control server. removed: it no longer exists there. pending: the control
 * server does not answer, and is asked again until it does. none: no key was minted for the node.
 */
export const MESH_NODE_ENDS = ['removed', 'pending', 'none'] as const;
export type MeshNodeEnd = (typeof MESH_NODE_ENDS)[number];

/**
 * ONLINE, OFFLINE: joined, with or without contact. UNKNOWN: joined, but not heard from since the control plane
 * started. The others have ended.
 */
export const LOCAL_NODE_STATUSES = ['ONLINE', 'OFFLINE', 'UNKNOWN', 'EXPIRED', 'REVOKED', 'LEFT'] as const;
export type LocalNodeStatus = (typeof LOCAL_NODE_STATUSES)[number];

/** The reason for OFFLINE of an agent that was not revoked. */
export const NO_HEARTBEAT = 'no heartbeat';
