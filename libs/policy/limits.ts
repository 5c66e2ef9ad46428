/**
 * Size limits of one network. Deciders refuse to exceed them, and agents refuse snapshots that do. A snapshot at every
 * limit is a few megabytes of JSON.
 */
export const NETWORK_LIMITS = {
  sandboxes: 1000,
  aliases: 10_000,
  rules: 10_000,
  egressRules: 10_000,
  policyTests: 1000,
  labelsPerSandbox: 32,
} as const;

/** How long an agent without contact serves a network, unless its creator set another time: a day. */
export const USUAL_MAX_STALENESS_SECONDS = 86_400;
