import type { SessionOptions } from 'node:http2';

/**
 * What one flow may have under way and unread: enough for 8 Gbit/s at a millisecond, or 80 Mbit/s at a tenth of a
 * second.
 */
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
   * Megabytes, and out of reach: Node 24 counts what a reset flow had yet to send for the rest of the session, and
   * would end it after some thousand resets. What a session may really hold is bounded by its flows and their windows.
   */
  maxSessionMemory: 1_000_000,
  // A reset is ordinary here: each denied or failed connection is one. The defaults end a session after a thousand. A
  // peer that overdoes it is found by StreamBudgets, which says so; these are for what would get past that.
  streamResetBurst: 40_000,
  streamResetRate: 20_000,
} satisfies SessionOptions & { readonly streamResetBurst: number; readonly streamResetRate: number };

export interface MeshTimings {
  /** To connect to one endpoint, prove both identities and exchange settings. */
  readonly connectMs: number;
  /**
   * For a peer that has proved who it is to be named by the control plane: the other end may have heard of it first.
   */
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
  /** Begun each second by one source address, and twice as many at once. */
  readonly handshakesPerSecondFromSource: number;
  /** Connections of one peer that wait for it to be named. */
  readonly waitingFromPeer: number;
  /** Streams that one peer may open each second, and as many at once: far more than one host opens by itself. */
  readonly streamsPerSecond: number;
  /**
   * Of these, those that it gives up before they are answered, and those that are refused before anything was tried for
   * them. Five times as many at once: clients of many flows may give up together.
   */
  readonly wastedStreamsPerSecond: number;
  /** Streams that one peer may have open, over all its sessions. */
  readonly streamsFromPeer: number;
  /** How long a peer that opened more is refused, the first time and at most. */
  readonly refusedMs: number;
  readonly refusedAtMostMs: number;
}

/** Wasted streams that a peer may have at once, in seconds of their rate. */
export const WASTED_BURST_SECONDS = 5;
/** A node of ours keeps to this share of what its peers let it waste: the two ends' clocks are not one. */
export const OWN_WASTE_SHARE = 0.8;

export const DEFAULT_LIMITS: MeshLimits = {
  flowsBeforeRotation: 1_000_000,
  sessionsPerPeer: 8,
  sessionsFromPeer: 64,
  handshakesAtOnce: 256,
  handshakesFromSource: 32,
  handshakesPerSecondFromSource: 50,
  waitingFromPeer: 4,
  streamsPerSecond: 20_000,
  wastedStreamsPerSecond: 400,
  streamsFromPeer: 8 * (FLOWS_PER_SESSION + 256),
  refusedMs: 15_000,
  refusedAtMostMs: 300_000,
};
