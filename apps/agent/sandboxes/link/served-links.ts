import type { RefusedSandbox } from '#libs/contracts/bus/from-member/inventory.js';
import type { SandboxId } from '#libs/contracts/ids.js';
import { ipEach } from '../ip-command.js';
import type { HostInterface, LinkEntry } from './link-entry.js';

interface ServedLink extends LinkEntry {
  /** Index of the interface; an interface that was made again has the same name but another index. */
  readonly index: number;
}

/** The links that are served: the host has a route to each guest's address. */
export class ServedLinks {
  private links = new Map<SandboxId, ServedLink>();
  private sandboxes = new Map<string, SandboxId>();
  private indexes = new Map<number, SandboxId>();

  all(): readonly ServedLink[] {
    return [...this.links.values()];
  }

  addresses(): readonly string[] {
    return [...this.sandboxes.keys()];
  }

  addressOf(sandboxId: SandboxId): string | null {
    return this.links.get(sandboxId)?.address ?? null;
  }

  sandboxAt(address: string): SandboxId | null {
    return this.sandboxes.get(address) ?? null;
  }

  /** The name in the served link with this interface index; null: none. */
  nameOf(index: number): string | null {
    const sandboxId = this.indexes.get(index);
    return (sandboxId === undefined ? null : this.links.get(sandboxId)?.link) ?? null;
  }

  /**
   * Serves exactly these links from now on. Served links are touched only if their route may be gone. Resolves with
   * whether anything changed, and with links whose route the kernel refused. Error: IpCommandError.
   */
  async become(
    links: readonly LinkEntry[],
    interfaceOf: (name: string) => HostInterface | undefined,
    mayBeUnrouted: (name: string) => boolean,
  ): Promise<{ readonly hasChanged: boolean; readonly refused: readonly RefusedSandbox[] }> {
    const wanted = new Map(
      links.map((entry) => [entry.sandboxId, { ...entry, index: interfaceOf(entry.link)?.index ?? 0 }]),
    );
    const gone = this.all().filter((link) => !isSame(link, wanted.get(link.sandboxId)));
    await unroute(gone);
    for (const link of gone) this.forget(link);
    const toRoute = [...wanted.values()].filter(
      ({ sandboxId, link }) => !this.links.has(sandboxId) || mayBeUnrouted(link),
    );
    const failures = await ipEach(toRoute.map(({ address, link }) => `route replace ${address}/32 dev ${link}`));
    const refused: RefusedSandbox[] = [];
    let hasChanged = gone.length > 0;
    for (const [place, link] of toRoute.entries()) {
      const answer = failures.get(place);
      const wasServed = this.links.has(link.sandboxId);
      hasChanged ||= wasServed !== (answer === undefined);
      if (answer === undefined) this.remember(link);
      else {
        this.forget(link);
        refused.push(notRouted(link, answer));
      }
    }
    return { hasChanged, refused };
  }

  /** Deletes every route. Error: IpCommandError. */
  async clear(): Promise<void> {
    await unroute(this.all());
  }

  private remember(link: ServedLink): void {
    this.links.set(link.sandboxId, link);
    this.sandboxes.set(link.address, link.sandboxId);
    this.indexes.set(link.index, link.sandboxId);
  }

  private forget(link: ServedLink): void {
    this.links.delete(link.sandboxId);
    this.sandboxes.delete(link.address);
    this.indexes.delete(link.index);
  }
}

/** Deletes the routes. A missing one is no failure: the kernel deletes it with its interface. */
async function unroute(links: readonly LinkEntry[]): Promise<void> {
  await ipEach(links.map(({ address, link }) => `route del ${address}/32 dev ${link}`));
}

function isSame(one: ServedLink, other: ServedLink | undefined): boolean {
  return one.link === other?.link && one.address === other.address && one.index === other.index;
}

function notRouted({ sandboxId, link }: LinkEntry, answer: string): RefusedSandbox {
  return {
    name: link,
    sandboxId,
    code: 'LINK_NOT_ROUTED',
    message: `${sandboxId}: ${answer}`,
    remedy: `ip link set ${link} up`,
  };
}
