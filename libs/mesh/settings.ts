import type { SessionOptions } from 'node:http2';

/** What one flow may have under way and unread: enough for 8 Gbit/s at a millisecond, or 80 Mbit/s at a tenth of a second. */
export const FLOW_WINDOW_BYTES = 1024 * 1024;
/** Flows open at once in one session; a peer that needs more opens another. */
export const FLOWS_PER_SESSION = 1_024;
/**
 * All flows' windows together, so that none waits for another's reader. HTTP/2's own 64 KiB for a session would also
 * hold bulk to that much a round trip.
 */
export const SESSION_WINDOW_BYTES = FLOWS_PER_SESSION * FLOW_WINDOW_BYTES;

/** For both ends of a session. */
export const SESSION_OPTIONS = {
  settings: {
    enablePush: false,
    initialWindowSize: FLOW_WINDOW_BYTES,
    /** Some more than a peer uses: it may hear of a flow's end a moment before this end does. */
    maxConcurrentStreams: FLOWS_PER_SESSION + 256,
    maxFrameSize: 64 * 1024,
    maxHeaderListSize: 4_096,
  },
  /** Pairs past these end the stream before a line of ours runs. */
  maxHeaderListPairs: 32,
  /**
   * Megabytes, and out of reach: Node 24 counts what a reset flow had yet to send for the rest of the session, and would
   * end it after some thousand resets. What a session may really hold is bounded by its flows and their windows.
   */
  maxSessionMemory: 1_000_000,
  // A reset is ordinary here: each denied or failed connection is one. The defaults end a session after a thousand.
  streamResetBurst: 1_000_000,
  streamResetRate: 100_000,
} satisfies SessionOptions & { readonly streamResetBurst: number; readonly streamResetRate: number };

export interface MeshTimings {
  /** To connect to one endpoint, prove both identities and exchange settings. */
  readonly connectMs: number;
  /** For a peer that has proved who it is to be named by the control plane: the other end may have heard of it first. */
  readonly admitMs: number;
  /** For the target to accept or refuse. */
  readonly answerMs: number;
  readonly heartbeatIntervalMs: number;
  /** Without a byte from the peer for so long after a heartbeat, it is gone. */
  readonly heartbeatDeadlineMs: number;
}

export const DEFAULT_TIMINGS: MeshTimings = {
  connectMs: 5_000,
  admitMs: 2_000,
  answerMs: 15_000,
  heartbeatIntervalMs: 4_000,
  heartbeatDeadlineMs: 5_000,
};

export interface MeshLimits {
  /** Flows opened in one session before new ones go to a fresh one: stream ids do not last for ever. */
  readonly flowsBeforeRotation: number;
  /** Sessions to one peer that take new flows. */
  readonly sessionsPerPeer: number;
  /** Sessions taken from one peer: those above, and older ones whose flows go on. */
  readonly sessionsFromPeer: number;
  /** Connections that have not proved who they are. */
  readonly handshakesAtOnce: number;
  /** Of these, from one source address. */
  readonly handshakesFromSource: number;
  /** Connections of one peer that wait for it to be named. */
  readonly waitingFromPeer: number;
}

export const DEFAULT_LIMITS: MeshLimits = {
  flowsBeforeRotation: 1_000_000,
  sessionsPerPeer: 8,
  sessionsFromPeer: 64,
  handshakesAtOnce: 256,
  handshakesFromSource: 32,
  waitingFromPeer: 4,
};
