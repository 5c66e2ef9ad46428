import type { SessionOptions } from 'node:http2';

/** Bytes of one flow in flight and unread: enough for 8 Gbit/s at 1 ms of latency, or 80 Mbit/s at 100 ms. */
export const FLOW_WINDOW_BYTES = 1024 * 1024;
/** Flows open at once in one session; for more, another session is opened. */
export const FLOWS_PER_SESSION = 1_024;
/**
 * The windows of all flows together, so that no flow waits for the reader of another. HTTP/2's default of 64 KiB for a
 * session would also limit bulk transfers to that much per round trip.
 */
export const SESSION_WINDOW_BYTES = FLOWS_PER_SESSION * FLOW_WINDOW_BYTES;

/** For both ends of a session. */
export const SESSION_OPTIONS = {
  settings: {
    enablePush: false,
    initialWindowSize: FLOW_WINDOW_BYTES,
    /** Slightly more than a peer opens, because it may learn of a flow's end before this end does. */
    maxConcurrentStreams: FLOWS_PER_SESSION + 256,
    maxFrameSize: 64 * 1024,
    maxHeaderListSize: 4_096,
  },
  /** With more header pairs than this, Node ends the stream before our code runs. */
  maxHeaderListPairs: 32,
  /**
   * In megabytes; so high that it never applies. Node 24 counts what a reset flow had left to send until the session
   * ends, and would end the session after a few thousand resets. The number of flows and their windows bound what a
   * session really holds.
   */
  maxSessionMemory: 1_000_000,
  // Resets are normal here: each denied or failed connection is one, and the defaults end a session after a thousand.
  // StreamBudgets finds a peer that resets too much, with a reason; these limits are for whatever gets past it.
  streamResetBurst: 40_000,
  streamResetRate: 20_000,
} satisfies SessionOptions & { readonly streamResetBurst: number; readonly streamResetRate: number };

export interface MeshTimings {
  /** Time to connect to one endpoint, authenticate both ends and exchange settings. */
  readonly connectMs: number;
  /**
   * Time until the control plane names a peer that has proved its identity: the peer may have learned of this node
   * before this node learned of it.
   */
  readonly admitMs: number;
  /** Time for the target to accept or refuse. */
  readonly answerMs: number;
  readonly heartbeatIntervalMs: number;
  /** A peer that sends no byte for this long after a heartbeat is considered gone. */
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
  /** Flows opened in one session before new ones go to a new session, because stream ids run out. */
  readonly flowsBeforeRotation: number;
  /** Sessions to one peer that take new flows. */
  readonly sessionsPerPeer: number;
  /** Sessions accepted from one peer: those that take new flows, and older ones whose flows are still open. */
  readonly sessionsFromPeer: number;
  /** Connections in the TLS handshake. */
  readonly handshakesAtOnce: number;
  /** Connections in the TLS handshake from one source address. */
  readonly handshakesFromSource: number;
  /** Handshakes per second that one source address may begin; twice as many in a burst. */
  readonly handshakesPerSecondFromSource: number;
  /** Authenticated connections of one peer that wait until the control plane names it. */
  readonly waitingFromPeer: number;
  /** Streams that one peer may open per second, and in a burst: far more than one host needs. */
  readonly streamsPerSecond: number;
  /**
   * Of these, streams that the peer gives up before an answer or that are refused before anything was attempted for
   * them. Five times as many in a burst, since the clients of many flows may give up together.
   */
  readonly wastedStreamsPerSecond: number;
  /** Streams that one peer may have open, in all its sessions together. */
  readonly streamsFromPeer: number;
  /** How long a peer that opened more is refused: the first time, and at most. */
  readonly refusedMs: number;
  readonly refusedAtMostMs: number;
}

/** A peer may waste this many seconds' worth of streams in a burst. */
export const WASTED_BURST_SECONDS = 5;
/** A node of ours wastes at most this share of what its peers allow, because the clocks of both ends differ. */
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
