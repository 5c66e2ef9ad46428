/** Bounds on what clients and resolvers can make the server hold, and its pace. */
export interface DnsLimits {
  /** Open TCP connections in all, and of one source address. */
  readonly tcpConnections: number;
  readonly tcpConnectionsPerSource: number;
  /** A connection that brings no whole query for so long is closed, RFC 7766 section 6.2.3. */
  readonly tcpIdleMs: number;
  /** Queries of one connection that wait for an answer; reading stops there. */
  readonly tcpPipelined: number;
  /** Queries that wait for upstream resolvers, in all and of one source address. */
  readonly upstreamInFlight: number;
  readonly upstreamInFlightPerSource: number;
  /** How long one resolver has for one question, over UDP or TCP. */
  readonly upstreamTimeoutMs: number;
  /** How often an address that could not be listened on is tried again. */
  readonly listenRetryMs: number;
  /** Source addresses whose rate is kept apart. */
  readonly rateSources: number;
}

/** Three tries of 1.5 s end within the 5 s that stub resolvers wait. */
export const DEFAULT_DNS_LIMITS: DnsLimits = {
  tcpConnections: 256,
  tcpConnectionsPerSource: 16,
  tcpIdleMs: 10_000,
  tcpPipelined: 32,
  upstreamInFlight: 256,
  upstreamInFlightPerSource: 64,
  upstreamTimeoutMs: 1_500,
  listenRetryMs: 2_000,
  rateSources: 4_096,
};
