/**
 * How large one network may grow. The deciders refuse what goes beyond, and an agent refuses a snapshot that does:
 * a snapshot at every bound is a few megabytes of JSON.
 */
export const NETWORK_LIMITS = {
  sandboxes: 1000,
  aliases: 10_000,
  rules: 10_000,
  egressRules: 10_000,
  labelsPerSandbox: 32,
} as const;

/** How long an agent without contact goes on serving a network, unless its creator said otherwise: a day. */
export const USUAL_MAX_STALENESS_SECONDS = 86_400;
