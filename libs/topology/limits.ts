/**
 * How large one network may grow. The deciders refuse what goes beyond, and an agent refuses a snapshot that does:
 * a snapshot at every bound is a few megabytes of JSON.
 */
export const NETWORK_LIMITS = {
  sandboxes: 1000,
  aliases: 1000,
  rules: 5000,
  labelsPerSandbox: 32,
} as const;

/** How long an agent without contact may go on serving a network. */
export const MAX_STALENESS_SECONDS = { least: 10, most: 30 * 86_400, usual: 86_400 } as const;
