import { Turns } from '#libs/async/turns.js';
import type { RefusedSandbox } from '#libs/contracts/bus/from-member/inventory.js';
import { isInRange } from '../local-range.js';
import { HostInterfaces } from './host-interfaces.js';
import { watchInterfaces } from './interface-watch.js';
import { type ChosenLinks, chooseLinks, type LinkEntry } from './link-entry.js';
import { ServedLinks } from './served-links.js';

export interface HostLinksPorts {
  /** The links to be served: those of the list, then those of the local API; and the entries that cannot be read. */
  readonly wanted: () => ChosenLinks;
  readonly agentAddress: string;
  readonly proxyRange: () => string;
  /** Puts the rules for these links in force. Error: NftCommandError. */
  readonly load: (links: readonly LinkEntry[]) => Promise<void>;
  /** `served` or `refused` is another than before. */
  readonly changed: () => void;
  readonly onError: (error: unknown) => void;
}

const RETRY_MS = 1_000;

/**
 * Makes the host follow the links that are wanted, as its interfaces come and go. What a change costs does not depend
 * on how many links there are: only interfaces that it is about are looked at, and all changes of one moment go
 * together.
 */
export class HostLinks {
  readonly served = new ServedLinks();
  private readonly interfaces = new HostInterfaces();
  /** Names of interfaces that are to be looked at, or every one. */
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

  /** To be looked at when the host is made to follow next. */
  lookAt(name: string): void {
    if (this.toLookAt !== 'all') this.toLookAt.add(name);
  }

  /** Looks at every interface, and follows. */
  lookAgain(): void {
    this.toLookAt = 'all';
    void this.settle();
  }

  /** Resolves when the host is as it was wanted at this call, or later, with what hindered that or null. */
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

  /** Resolves when nothing is under way any more; what is served stays. */
  async close(): Promise<void> {
    this.closing = true;
    this.watch?.close();
    if (this.retry !== null) clearTimeout(this.retry);
    await this.turns.idle();
  }

  /** `servedAs`: the name that a link had for the interface; null: it is not served. */
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
        isUplink: (name) => interfaces.isUplink(name),
        agentAddress: ports.agentAddress,
        isProxy: isInRange(ports.proxyRange()),
      });
      await ports.load(chosen.links);
      // The kernel takes a route away with an interface that goes down.
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
