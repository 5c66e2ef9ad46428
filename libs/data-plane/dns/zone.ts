import type { SandboxId } from '#libs/contracts/ids.js';

export interface DnsRecord {
  readonly alias: string;
  /** The address of the proxy listener here. */
  readonly address: string;
  readonly ports: readonly number[];
}

/**
 * Everything DNS answers from, as one plain value. The main thread makes it and the DNS worker serves it. A new zone
 * replaces the old one; a DnsZoneChange changes parts of it.
 */
export interface DnsZone {
  /** Grows with each change; the worker reports which revision it serves. */
  readonly revision: number;
  /** SOA serial (RFC 1035 section 3.3.13). */
  readonly serial: number;
  readonly networks: readonly {
    readonly name: string;
    readonly records: readonly DnsRecord[];
    /** Aliases that exist but have no listener here: answered with SERVFAIL, which is not cached as an absence. */
    readonly unserved?: readonly string[];
  }[];
  /** By source address: the networks that exist for it. Queries of any other source are refused. */
  readonly clients: readonly {
    readonly address: string;
    readonly sandboxId: SandboxId;
    readonly networks: readonly string[];
    /**
     * No other network exists for the client. If false, names of networks that are not listed get SERVFAIL, not
     * NXDOMAIN.
     */
    readonly complete: boolean;
    /** Index of the pattern set that says which names outside it may reach; absent: none. */
    readonly patterns?: number;
  }[];
  /** Names outside and wildcards (`*.example.com`) that rules allow. */
  readonly patternSets?: readonly (readonly string[])[];
}

/** What changes among the names of one network. */
export interface NamesDelta {
  readonly name: string;
  readonly records: readonly DnsRecord[];
  readonly unserved: readonly string[];
  readonly gone: readonly string[];
}

/** Turns a zone into a later one with the same networks. */
export interface DnsZoneChange {
  /** The revision of the zone that it applies to. */
  readonly from: number;
  readonly revision: number;
  readonly serial: number;
  readonly networks: readonly NamesDelta[];
  /** null: unchanged. */
  readonly clients: Pick<DnsZone, 'clients' | 'patternSets'> | null;
}

export interface DnsSettings {
  /** The `address:port` of each pair of UDP and TCP sockets. */
  readonly listen: readonly string[];
  /** Resolvers (`address:port`) of names outside that no pattern covers; empty: such names do not exist. */
  readonly upstreams: readonly string[];
  /**
   * CIDR ranges of this host's proxies, links and mesh. Upstream answers must not contain addresses of these, and
   * reverse look-ups of them are not forwarded.
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
  /** Answers by response code (RFC 1035, section 4.1.1). */
  readonly answeredNoError: number;
  readonly answeredNameError: number;
  readonly answeredServerFailure: number;
  readonly answeredRefused: number;
  readonly answeredOtherwise: number;
}

/** The DNS server, in a worker thread of its own. A worker that crashes is restarted with the last zone. */
export interface DnsServer {
  /** Resolves when the worker serves the zone. Rejects if it does not in time. */
  load(zone: DnsZone): Promise<void>;
  /**
   * As load, at the cost of the change. `zone` makes the whole resulting zone: it is called when the worker serves
   * another revision than `change.from`, or has to be started again.
   */
  change(change: DnsZoneChange, zone: () => DnsZone): Promise<void>;
  /** Adds and removes listen addresses while running. Resolves with those that failed. */
  listen(
    addresses: readonly string[],
  ): Promise<readonly { readonly address: string; readonly code: string; readonly message: string }[]>;
  /** The revision that the worker says it serves; null: it does not answer. */
  revision(): Promise<number | null>;
  counters(): Promise<DnsCounters>;
  close(): Promise<void>;
}
