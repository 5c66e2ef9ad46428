import type { Share } from './fair-queue.js';

/** Limits on what clients and resolvers can make the server hold, and its timeouts. */
export interface DnsLimits {
  /** Open TCP connections in total, and from one source address. */
  readonly tcpConnections: number;
  readonly tcpConnectionsPerSource: number;
  /** A connection without a whole query for this long is closed (RFC 7766 section 6.2.3). */
  readonly tcpIdleMs: number;
  /** Queries of one connection that wait for an answer; above that the connection is not read. */
  readonly tcpPipelined: number;
  /**
   * Questions sent to upstream resolvers and unanswered: of all source addresses, of one, and what one is guaranteed.
   */
  readonly upstreamInFlight: Share;
  /** Questions that wait to be sent, and how long they may. */
  readonly upstreamWaiting: Share;
  readonly upstreamWaitMs: number;
  /** Time for one resolver to answer one question over UDP or TCP. */
  readonly upstreamTimeoutMs: number;
  /** Time from the arrival of a question to its answer, with waiting and all attempts. */
  readonly upstreamAnswerMs: number;
  /** A resolver that is asked and says nothing for this long is probed. */
  readonly upstreamDoubtMs: number;
  /** Time for a probe to be answered, and the pause until the next. */
  readonly upstreamProbeMs: number;
  readonly upstreamProbeEveryMs: number;
  /** How often a failed listen is tried again. */
  readonly listenRetryMs: number;
  /** Source addresses whose rates are counted separately. */
  readonly rateSources: number;
}

/** A question is answered within the 5 s that stub resolvers wait. */
export const DEFAULT_DNS_LIMITS: DnsLimits = {
  tcpConnections: 256,
  tcpConnectionsPerSource: 16,
  tcpIdleMs: 10_000,
  tcpPipelined: 32,
  upstreamInFlight: { ofAll: 256, ofOne: 64, always: 8 },
  upstreamWaiting: { ofAll: 8_192, ofOne: 2_048, always: 64 },
  upstreamWaitMs: 3_000,
  upstreamTimeoutMs: 1_500,
  upstreamAnswerMs: 4_500,
  upstreamDoubtMs: 400,
  upstreamProbeMs: 1_000,
  upstreamProbeEveryMs: 1_000,
  listenRetryMs: 2_000,
  rateSources: 4_096,
};
