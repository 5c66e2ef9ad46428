/**
 * The term of the publisher. There is one control plane, so it never changes; replicas with a lease would raise it at
 * each takeover.
 */
export const PUBLISHER_TERM = 1;
