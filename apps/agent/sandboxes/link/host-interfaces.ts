import { type IpObject, ipObjectsOfEach } from '../ip-command.js';
import type { HostInterface } from './link-entry.js';

/**
 * The interfaces of this process's network namespace as last seen. Only interfaces that a link needs or that the kernel
 * reports are read: a host may have many others.
 */
export class HostInterfaces {
  private seen = new Map<string, HostInterface>();
  private uplinks: ReadonlySet<unknown> = new Set();

  get(name: string): HostInterface | undefined {
    return this.seen.get(name);
  }

  /** Whether a default route of the host uses it. */
  isUplink(name: string): boolean {
    return this.uplinks.has(name);
  }

  /** Reads every interface. Error: IpCommandError. */
  async lookAtAll(): Promise<void> {
    const objects = await this.ask(['link show']);
    this.seen = new Map(objects.flatMap(interfaceOf));
  }

  /** Reads these interfaces, which may be gone. Error: IpCommandError. */
  async lookAt(names: ReadonlySet<string>): Promise<void> {
    const found = new Map((await this.ask([...names].map((name) => `link show dev ${name}`))).flatMap(interfaceOf));
    for (const name of names) {
      const present = found.get(name);
      if (present === undefined) this.seen.delete(name);
      else this.seen.set(name, present);
    }
  }

  private async ask(commands: readonly string[]): Promise<readonly IpObject[]> {
    const objects = await ipObjectsOfEach(['route show default', ...commands]);
    this.uplinks = new Set(objects.flatMap(({ dst, dev }) => (dst === 'default' ? [dev] : [])));
    return objects;
  }
}

function interfaceOf({ ifindex, ifname, master }: IpObject): readonly (readonly [string, HostInterface])[] {
  if (typeof ifname !== 'string' || typeof ifindex !== 'number') return [];
  return [[ifname, { index: ifindex, name: ifname, master: typeof master === 'string' ? master : null }]];
}
