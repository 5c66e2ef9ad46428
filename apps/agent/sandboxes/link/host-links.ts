import { Turns } from '#libs/async/turns.js';
import type { RefusedSandbox } from '#libs/contracts/bus/from-member/inventory.js';
import { isInRange } from '../local-range.js';
import { HostInterfaces } from './host-interfaces.js';
import { watchInterfaces } from './interface-watch.js';
import { type ChosenLinks, chooseLinks, type LinkEntry } from './link-entry.js';
import { ServedLinks } from './served-links.js';

export interface HostLinksPorts {
  /** The links to serve, first those of the list, then those of the local API, and the invalid entries. */
  readonly wanted: () => ChosenLinks;
  readonly agentAddress: string;
  /** The interface by which this host reaches the control plane; null: unknown. */
  readonly uplink: () => string | null;
  readonly proxyRange: () => string;
  /** Puts the rules for these links into force. Error: NftCommandError. */
  readonly load: (links: readonly LinkEntry[]) => Promise<void>;
  /** Called when `served` or `refused` changed. */
  readonly changed: () => void;
  readonly onError: (error: unknown) => void;
}

const RETRY_MS = 1_000;

/**
 * Brings the host to the wanted links as its interfaces come and go. The cost of a change does not depend on the number
 * of links: only affected interfaces are read, and concurrent changes are combined.
 */
export class HostLinks {
  readonly served = new ServedLinks();
  private readonly interfaces = new HostInterfaces();
  /** Names of interfaces to be read, or all. */
  private toLookAt: Set<string> | 'all' = 'all';
  private refusals: readonly RefusedSandbox[] = [];
  private watch: { close(): void } | null = null;
  private readonly turns = new Turns();
  private next: Promise<unknown> | null = null;
  private retry: NodeJS.Timeout | null = null;
  private closing = false;

  constructor(private readonly ports: HostLinksPorts) {}

  /** Errors: IpCommandError, NftCommandError. */
  async start(): Promise<void> {
    await this.turns.take(() => this.follow());
    this.watch = watchInterfaces({
      changed: ({ index, name }) => this.interfaceChanged(name, this.served.nameOf(index)),
      missed: () => this.lookAgain(),
      failed: this.ports.onError,
    });
  }

  refused(): readonly RefusedSandbox[] {
    return this.refusals;
  }

  refusalOf({ sandboxId, link }: LinkEntry): RefusedSandbox | undefined {
    return this.refusals.find((refusal) => refusal.sandboxId === sandboxId && refusal.name === link);
  }

  /** Reads the interface at the next settling. */
  lookAt(name: string): void {
    if (this.toLookAt !== 'all') this.toLookAt.add(name);
  }

  /** Reads every interface and settles. */
  lookAgain(): void {
    this.toLookAt = 'all';
    void this.settle();
  }

  /**
   * Resolves when the host has the links that were wanted at this call or later, with the error that prevented it or
   * null.
   */
  settle(): Promise<unknown> {
    this.next ??= this.turns.take(async () => {
      this.next = null;
      if (this.closing) return null;
      try {
        await this.follow();
        return null;
      } catch (error) {
        this.ports.onError(error);
        this.retry ??= setTimeout(() => {
          this.retry = null;
          this.lookAgain();
        }, RETRY_MS);
        return error;
      }
    });
    return this.next;
  }

  /** Resolves when nothing is in progress any more; the links stay served. */
  async close(): Promise<void> {
    this.closing = true;
    this.watch?.close();
    if (this.retry !== null) clearTimeout(this.retry);
    await this.turns.idle();
  }

  /** `servedAs`: the interface's name in a served link; null: it is not served. */
  private interfaceChanged(name: string, servedAs: string | null): void {
    if (servedAs === null && !this.ports.wanted().links.some(({ link }) => link === name)) return;
    this.lookAt(name);
    if (servedAs !== null) this.lookAt(servedAs);
    void this.settle();
  }

  private async follow(): Promise<void> {
    const { ports, interfaces } = this;
    const names = this.toLookAt;
    this.toLookAt = new Set();
    try {
      if (names === 'all') await interfaces.lookAtAll();
      else if (names.size > 0) await interfaces.lookAt(names);
      const wanted = ports.wanted();
      const interfaceOf = (name: string) => interfaces.get(name);
      const chosen = chooseLinks(wanted.links, {
        interfaceOf,
        isUplink: (name) => interfaces.isUplink(name) || name === ports.uplink(),
        agentAddress: ports.agentAddress,
        isProxy: isInRange(ports.proxyRange()),
      });
      await ports.load(chosen.links);
      // The kernel deletes a route when its interface goes down.
      const mayBeUnrouted = (name: string) => names === 'all' || names.has(name);
      const { hasChanged, refused } = await this.served.become(chosen.links, interfaceOf, mayBeUnrouted);
      const refusals = [...wanted.refused, ...chosen.refused, ...refused];
      const areOthers = JSON.stringify(refusals) !== JSON.stringify(this.refusals);
      this.refusals = refusals;
      if (hasChanged || areOthers) ports.changed();
    } catch (error) {
      this.toLookAt = 'all';
      throw error;
    }
  }
}
