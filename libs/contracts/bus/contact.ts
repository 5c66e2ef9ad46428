/** Agents and local nodes say this often that they are there, and how they are. */
export const HEARTBEAT_INTERVAL_MS = 2_000;
export const HEARTBEAT_TIMEOUT_MS = 2_000;

/**
 * How long either end takes for known what the other said last. Within this time it has been said again even if one
 * message was lost; after it, the other end may have ended, or something may have changed unheard.
 */
export const KNOWN_FOR_MS = 2 * HEARTBEAT_INTERVAL_MS + HEARTBEAT_TIMEOUT_MS + 1_000;
