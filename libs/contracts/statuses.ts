/** How far an agent is with a network. What is not known is said to be unknown. */
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
 * The worst of its agents'; EMPTY: no agent takes part. QUARANTINED: an admin cut it off. STREAM_UNREADABLE: agents
 * serve the last version that this release can read, and nothing is written.
 */
export type NetworkStatus = (typeof NETWORK_STATUSES)[number];

/** UNKNOWN: enrolled, and not heard of since the control plane started. */
export const AGENT_STATUSES = ['ONLINE', 'OFFLINE', 'REVOKED', 'UNKNOWN'] as const;
export type AgentStatus = (typeof AGENT_STATUSES)[number];

/** PAUSED: its processes are frozen. UNKNOWN: its agent is not in contact. UNPLACED: no agent holds it. */
export const SANDBOX_STATUSES = ['RUNNING', 'PAUSED', 'GONE', 'UNPLACED', 'UNKNOWN'] as const;
export type SandboxStatus = (typeof SANDBOX_STATUSES)[number];

/**
 * What became of an ended node at the control server of the mesh. removed: nothing is left of it. pending: the control
 * server does not answer, and is asked until it does. none: no key was minted for it.
 */
export const MESH_NODE_ENDS = ['removed', 'pending', 'none'] as const;
export type MeshNodeEnd = (typeof MESH_NODE_ENDS)[number];

/**
 * ONLINE, OFFLINE: joined, and in contact or not. UNKNOWN: joined, and not heard of since the control plane started.
 * The others have ended.
 */
export const LOCAL_NODE_STATUSES = ['ONLINE', 'OFFLINE', 'UNKNOWN', 'EXPIRED', 'REVOKED', 'LEFT'] as const;
export type LocalNodeStatus = (typeof LOCAL_NODE_STATUSES)[number];

/** Why an agent is OFFLINE that nobody revoked. */
export const NO_HEARTBEAT = 'no heartbeat';
