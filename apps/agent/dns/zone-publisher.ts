import type { NetworkId, SandboxId } from '#libs/contracts/ids.js';
import type { DnsRecord, DnsServer } from '#libs/data-plane/dns/zone.js';
import type { SandboxClient } from '../sandboxes/driver.js';
import {
  type AliasChanges,
  aliasChanges,
  clientsOf,
  type NamesChange,
  type NetworkNames,
  namesAfter,
  namesDelta,
  serialOf,
  zoneOf,
} from './zone.js';

/** The zone that the DNS worker last confirmed to serve. */
export interface ServedZone {
  readonly revision: number;
  recordOf(network: string, alias: string): DnsRecord | null;
}

/**
 * Keeps the DNS worker's zone in step with the networks and sandboxes of this host. The worker is sent what changed. It
 * is sent the whole zone when a network comes or goes, and after a change that failed. Changes that arrive while one is
 * being sent are sent together afterwards.
 */
export class ZonePublisher {
  private readonly networks = new Map<NetworkId, NetworkNames>();
  /** Also those that are gone from here. */
  private readonly published = new Set<NetworkId>();
  private revision: number;
  private loaded: ServedZone | null = null;
  /** Changes not sent to the worker yet, by the network's name. null: the whole zone has to be sent. */
  private untold: Map<string, AliasChanges> | null = null;
  /** The clients last sent to the worker, as JSON. */
  private clientsTold = '';
  private loading: Promise<void> | null = null;
  private next: Promise<void> | null = null;

  /** Revisions go on from the clock, so that an SOA serial grows over restarts too. */
  constructor(
    private readonly dns: Pick<DnsServer, 'load' | 'change'>,
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
  publish(networkId: NetworkId, change: NamesChange | null): Promise<void> {
    this.published.add(networkId);
    const before = this.networks.get(networkId) ?? null;
    this.networks.delete(networkId);
    if (change !== null) this.networks.set(networkId, namesAfter(before, change));
    if (this.leavesNetworks(before, change)) this.tellOf(change);
    else if (before !== null || change !== null) this.untold = null;
    return this.refresh();
  }

  /** Whether the set of networks stays the same, and no two of them share this name. */
  private leavesNetworks(before: NetworkNames | null, change: NamesChange | null): change is NamesChange {
    if (before === null || change === null || change.gone === 'all others') return false;
    const ofName = [...this.networks.values()].filter(({ name }) => name === change.name);
    return before.name === change.name && ofName.length === 1;
  }

  private tellOf(change: NamesChange): void {
    const untold = this.untold?.get(change.name) ?? new Map();
    this.untold?.set(change.name, new Map([...untold, ...aliasChanges(change)]));
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

  /** The zone that the worker last confirmed to serve. */
  served(): ServedZone | null {
    return this.loaded;
  }

  private async load(): Promise<void> {
    const { untold } = this;
    const from = this.revision;
    this.untold = new Map();
    this.revision += 1;
    const { revision } = this;
    const knows = (sandboxId: SandboxId) => this.knowsNetworksOf(sandboxId, this.published);
    const networks = new Map(this.networks);
    const clients = clientsOf(networks, this.clients(), knows, this.patternsOf);
    const clientsText = JSON.stringify(clients);
    const zone = () => zoneOf(revision, networks, clients);
    try {
      if (untold === null) {
        await this.dns.load(zone());
      } else {
        const changed = [...untold].map(([name, changes]) => ({ name, ...namesDelta(changes) }));
        const change = { from, revision, serial: serialOf(revision), networks: changed };
        await this.dns.change({ ...change, clients: clientsText === this.clientsTold ? null : clients }, zone);
      }
    } catch (error) {
      this.untold = null;
      throw error;
    }
    this.clientsTold = clientsText;
    this.loaded = {
      revision,
      recordOf: (network, alias) =>
        [...networks.values()].findLast(({ name }) => name === network)?.aliases.get(alias) ?? null,
    };
  }
}
