/** Each of these roles may do what the one before it may. */
export const RANKED_ROLES = ['viewer', 'operator', 'admin'] as const;
export type RankedRole = (typeof RANKED_ROLES)[number];
/** A joiner stands apart: it joins networks with machines of its own, and sees nothing else. */
export const ROLES = ['viewer', 'joiner', 'operator', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** Roles that a token may be made for together with the networks that it joins; the others may join every network. */
export const ROLES_WITH_JOIN_NETWORKS = ['viewer', 'joiner'] as const satisfies readonly Role[];
