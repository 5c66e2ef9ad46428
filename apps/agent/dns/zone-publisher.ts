import type { NetworkId, SandboxId } from '#libs/contracts/ids.js';
import type { DnsServer, DnsZone } from '#libs/data-plane/dns/zone.js';
import type { SandboxClient } from '../sandboxes/driver.js';
import { type NetworkNames, zoneOf } from './zone.js';

/**
 * Keeps the DNS worker's zone in step with the networks and sandboxes of this host. Changes that come while a zone
 * is being loaded go together into the next one.
 */
export class ZonePublisher {
  private readonly networks = new Map<NetworkId, NetworkNames>();
  /** Also those that are gone from here. */
  private readonly published = new Set<NetworkId>();
  private revision: number;
  private loaded: DnsZone | null = null;
  private loading: Promise<void> | null = null;
  private next: Promise<void> | null = null;

  /** Revisions go on from the clock, so that an SOA serial grows over restarts too. */
  constructor(
    private readonly dns: Pick<DnsServer, 'load'>,
    private readonly clients: () => readonly SandboxClient[],
    /** Whether these are all networks that a sandbox may be attached to. */
    private readonly knowsNetworksOf: (sandboxId: SandboxId, published: ReadonlySet<NetworkId>) => boolean,
    /** The names outside, and wildcards, that rules allow a sandbox. */
    private readonly patternsOf: (sandboxId: SandboxId) => readonly string[],
    startSeconds: number,
  ) {
    this.revision = startSeconds;
  }

  /** Resolves when the worker serves these names; rejects when it does not. null: the network is gone from here. */
  publish(networkId: NetworkId, names: NetworkNames | null): Promise<void> {
    this.published.add(networkId);
    this.networks.delete(networkId);
    if (names !== null) this.networks.set(networkId, names);
    return this.refresh();
  }

  /** To be called when the sandboxes of the host have changed; resolves and rejects as publish does. */
  refresh(): Promise<void> {
    if (this.loading === null) {
      this.loading = this.load().finally(() => {
        this.loading = null;
      });
      return this.loading;
    }
    this.next ??= this.loading
      .catch(() => {})
      .then(() => {
        this.next = null;
        return this.refresh();
      });
    return this.next;
  }

  /** The zone that the worker was last seen to serve. */
  served(): DnsZone | null {
    return this.loaded;
  }

  private async load(): Promise<void> {
    this.revision += 1;
    const knows = (sandboxId: SandboxId) => this.knowsNetworksOf(sandboxId, this.published);
    const zone = zoneOf(this.revision, this.networks, this.clients(), knows, this.patternsOf);
    await this.dns.load(zone);
    this.loaded = zone;
  }
}
