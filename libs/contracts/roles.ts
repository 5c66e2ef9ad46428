/** Each role includes the rights of those before it. */
export const RANKED_ROLES = ['viewer', 'operator', 'admin'] as const;
export type RankedRole = (typeof RANKED_ROLES)[number];
/** A joiner is apart from the ranks: it joins networks with its own machines, and sees nothing else. */
export const ROLES = ['viewer', 'joiner', 'operator', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** Roles whose tokens name the networks that they may join; the others may join every network. */
export const ROLES_WITH_JOIN_NETWORKS = ['viewer', 'joiner'] as const satisfies readonly Role[];
