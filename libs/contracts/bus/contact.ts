/** How often agents and local nodes send a heartbeat. */
export const HEARTBEAT_INTERVAL_MS = 2_000;
export const HEARTBEAT_TIMEOUT_MS = 2_000;

/**
 * How long the last message of the other end counts as current. In this time it is repeated, even if one message was
 * lost; after it, the other end may have ended, or changed without our knowledge.
 */
export const KNOWN_FOR_MS = 2 * HEARTBEAT_INTERVAL_MS + HEARTBEAT_TIMEOUT_MS + 1_000;
