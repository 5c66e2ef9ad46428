import type { Share } from './fair-queue.js';

/** Bounds on what clients and resolvers can make the server hold, and its pace. */
export interface DnsLimits {
  /** Open TCP connections in all, and of one source address. */
  readonly tcpConnections: number;
  readonly tcpConnectionsPerSource: number;
  /** A connection that brings no whole query for so long is closed, RFC 7766 section 6.2.3. */
  readonly tcpIdleMs: number;
  /** Queries of one connection that wait for an answer; reading stops there. */
  readonly tcpPipelined: number;
  /** Questions on their way to upstream resolvers: of all source addresses, of one, and what one has for sure. */
  readonly upstreamInFlight: Share;
  /** Questions that wait for their turn to be sent, and for how long. */
  readonly upstreamWaiting: Share;
  readonly upstreamWaitMs: number;
  /** How long one resolver has for one question, over UDP or TCP. */
  readonly upstreamTimeoutMs: number;
  /** From the arrival of a question to its answer, its waiting and every try included. */
  readonly upstreamAnswerMs: number;
  /** A resolver that says nothing for so long while it is asked is probed. */
  readonly upstreamDoubtMs: number;
  /** How long a probe has, and how long until the next one. */
  readonly upstreamProbeMs: number;
  readonly upstreamProbeEveryMs: number;
  /** How often an address that could not be listened on is tried again. */
  readonly listenRetryMs: number;
  /** Source addresses whose rate is kept apart. */
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
