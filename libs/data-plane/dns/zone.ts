import type { SandboxId } from '#libs/contracts/ids.js';

/**
 * Everything DNS answers from, as one plain value. The main thread makes it, the DNS worker serves it; a new one
 * replaces the old whole.
 */
export interface DnsZone {
  /** Grows with each change; the worker says which revision it serves. */
  readonly revision: number;
  /** SOA serial, RFC 1035 section 3.3.13. */
  readonly serial: number;
  /** `dev` -> alias -> address of the proxy listener here. */
  readonly networks: readonly {
    readonly name: string;
    readonly records: readonly {
      readonly alias: string;
      readonly address: string;
      readonly ports: readonly number[];
    }[];
    /** Aliases that exist and for which nothing listens here: SERVFAIL, which nobody remembers as an absence. */
    readonly unserved?: readonly string[];
  }[];
  /** Source address -> which networks exist for it. Any other source is refused. */
  readonly clients: readonly {
    readonly address: string;
    readonly sandboxId: SandboxId;
    readonly networks: readonly string[];
    /** No other network exists for it. If false, names of networks that are not listed get SERVFAIL, not NXDOMAIN. */
    readonly complete: boolean;
    /** Which of the pattern sets says what names outside it may reach; left out: none. */
    readonly patterns?: number;
  }[];
  /** Names outside and wildcards (`*.example.com`) that rules allow. */
  readonly patternSets?: readonly (readonly string[])[];
}

export interface DnsSettings {
  /** `address:port` of each pair of UDP and TCP sockets. */
  readonly listen: readonly string[];
  /** Resolvers for names outside the suffix that no pattern covers, `address:port`; empty: such names do not exist. */
  readonly upstreams: readonly string[];
  /**
   * CIDR ranges of this host's proxies, links and mesh: an upstream answer may not point into them, and reverse
   * look-ups of them go to nobody else.
   */
  readonly forbiddenRanges: readonly string[];
  readonly queriesPerSecondPerSource: number;
}

export interface DnsCounters {
  readonly queries: number;
  readonly malformed: number;
  readonly refused: number;
  readonly rateLimited: number;
  readonly upstreamFailures: number;
  readonly upstreamDropped: number;
  /** Answers by their code (RFC 1035, section 4.1.1). */
  readonly answeredNoError: number;
  readonly answeredNameError: number;
  readonly answeredServerFailure: number;
  readonly answeredRefused: number;
  readonly answeredOtherwise: number;
}

/** The DNS server in its own worker thread. A worker that dies is started again with the last zone. */
export interface DnsServer {
  /** Resolves when the worker serves the zone. Rejects when it does not within the bound. */
  load(zone: DnsZone): Promise<void>;
  /** Adds and removes listen addresses while running; resolves with those that failed. */
  listen(
    addresses: readonly string[],
  ): Promise<readonly { readonly address: string; readonly code: string; readonly message: string }[]>;
  /** The revision served now, asked of the worker itself; null when it does not answer. */
  revision(): Promise<number | null>;
  counters(): Promise<DnsCounters>;
  close(): Promise<void>;
}
