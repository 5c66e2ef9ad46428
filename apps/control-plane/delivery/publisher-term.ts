/** One control plane publishes, so its term never changes; a lease among replicas would raise it at each takeover. */
export const PUBLISHER_TERM = 1;
