import { Turns } from '#libs/async/turns.js';
import type { OutsideName, SandboxId } from '#libs/contracts/ids.js';
import type { OutsideRoute, ProxyListeners, RouteFailure } from '#libs/data-plane/data-plane.js';
import type { OutsideAnswer } from '#libs/data-plane/dns/outside-answers.js';
import { parseAddressRange } from '#libs/data-plane/proxy/address-range.js';
import { RangeHoldings } from '#libs/data-plane/proxy/range-holdings.js';
import { allowedPorts } from '#libs/policy/evaluate-outside.js';
import type { NetworkView } from '#libs/policy/model.js';
import { parseAskedName } from './asked-name.js';

/** Names outside with an address here: of all sandboxes, and of one, whose wildcards could else take all addresses. */
export interface OutsideNameLimits {
  readonly names: number;
  readonly namesPerSandbox: number;
}

export const OUTSIDE_NAME_LIMITS: OutsideNameLimits = { names: 10_000, namesPerSandbox: 1_000 };

/** A name that nobody asked for so long, and that no flow leads to, gives its address back. */
export const UNASKED_MS = 10 * 60_000;

export interface OutsideNamesPorts {
  /** Where aliases have their addresses too: CIDR, or one address. */
  readonly range: string;
  /** Addresses of the range that others have. */
  readonly isTaken: (address: string) => boolean;
  readonly listeners: Pick<ProxyListeners<OutsideRoute>, 'open' | 'shut'>;
  readonly views: () => readonly NetworkView[];
  /** Whose DNS queries come from this address; null: nobody's. */
  readonly sandboxAt: (address: string) => SandboxId | null;
  /** Names that open flows lead to. */
  readonly namesInUse: () => ReadonlySet<string>;
  readonly nowMs: () => number;
  readonly report: (event: OutsideNamesEvent) => void;
  readonly limits: OutsideNameLimits;
}

export type OutsideNamesEvent =
  | { readonly kind: 'no-address'; readonly name: OutsideName; readonly error: unknown }
  | { readonly kind: 'not-listening'; readonly failure: RouteFailure<OutsideRoute> }
  | { readonly kind: 'too-many'; readonly sandboxId: SandboxId; readonly name: OutsideName };

interface Lease {
  readonly name: OutsideName;
  readonly address: string;
  /** Who asked first, and whose names it counts among. */
  readonly owner: SandboxId;
  /** Everybody who asked. */
  readonly askers: Set<SandboxId>;
  ports: readonly number[];
  /** Whether all of `ports` are listened on. */
  isOpen: boolean;
  askedAtMs: number;
}

const ABSENT: OutsideAnswer = { kind: 'absent' };
const FAILED: OutsideAnswer = { kind: 'failed' };

/**
 * Gives each name outside that a sandbox asks for, and may reach, an address of this host with a listener on each port
 * that is allowed. Name and connection are thereby one thing: what comes in at the address leads to that name and no
 * other.
 */
export class OutsideNames {
  private readonly leases = new Map<OutsideName, Lease>();
  /** How many names each sandbox has. */
  private readonly owned = new Map<SandboxId, number>();
  private readonly addresses: RangeHoldings<OutsideName>;
  private readonly hasAddresses: boolean;
  private readonly turns = new Turns();

  constructor(private readonly ports: OutsideNamesPorts) {
    const range = parseAddressRange(ports.range, 'GLOBALSTACKS_AGENT_MESH_PROXY_BIND');
    this.addresses = new RangeHoldings(range, ports.isTaken, (name) => name);
    this.hasAddresses = range.size > 1;
  }

  /** Whether an address is a name's, or was within ten minutes. */
  isTaken(address: string): boolean {
    return this.addresses.isTaken(address);
  }

  /** The names that have addresses here, by address. */
  byAddress(): ReadonlyMap<string, OutsideName> {
    return new Map([...this.leases.values()].map(({ address, name }) => [address, name]));
  }

  /** What DNS answers to the client at this address. Never rejects. */
  async ask(text: string, source: string): Promise<OutsideAnswer> {
    const name = parseAskedName(text);
    const sandboxId = this.ports.sandboxAt(source);
    if (name === null || sandboxId === null) return ABSENT;
    return this.turns.take(async () => {
      const ports = this.portsFor(name, [sandboxId]);
      if (ports.length === 0) return ABSENT;
      const lease = this.leases.get(name) ?? this.lease(name, sandboxId);
      if (lease === null) return FAILED;
      lease.askers.add(sandboxId);
      lease.askedAtMs = this.ports.nowMs();
      await this.listen(lease, union(lease.ports, ports));
      return lease.isOpen ? { kind: 'address', address: lease.address } : FAILED;
    });
  }

  /** Brings listeners to the rules of now, and lets go of names that nobody may reach, or asks for any more. */
  follow(): Promise<void> {
    return this.turns.take(async () => {
      const idleSinceMs = this.ports.nowMs() - UNASKED_MS;
      const inUse = this.ports.namesInUse();
      const closing: OutsideRoute[] = [];
      for (const lease of [...this.leases.values()]) {
        const isIdle = lease.askedAtMs <= idleSinceMs && !inUse.has(lease.name);
        const ports = isIdle ? [] : this.portsFor(lease.name, [...lease.askers]);
        closing.push(...routesOf({ ...lease, ports: lease.ports.filter((port) => !ports.includes(port)) }));
        if (ports.length === 0) this.end(lease);
        else await this.listen(lease, ports);
      }
      if (closing.length > 0) await this.ports.listeners.shut(closing);
    });
  }

  /** The sandboxes are gone, and so are their names from the next `follow` on. */
  forget(sandboxIds: readonly SandboxId[]): void {
    for (const { askers } of this.leases.values()) for (const sandboxId of sandboxIds) askers.delete(sandboxId);
  }

  private end({ name, owner }: Lease): void {
    this.leases.delete(name);
    this.addresses.release(name, this.ports.nowMs());
    const left = (this.owned.get(owner) ?? 0) - 1;
    if (left > 0) this.owned.set(owner, left);
    else this.owned.delete(owner);
  }

  private portsFor(name: OutsideName, askers: readonly SandboxId[]): readonly number[] {
    const views = this.ports.views();
    return union(
      [],
      askers.flatMap((asker) => views.flatMap((view) => allowedPorts(view, asker, name, this.ports.nowMs()))),
    );
  }

  /** null: there is no address for it. */
  private lease(name: OutsideName, owner: SandboxId): Lease | null {
    const { limits, nowMs, report } = this.ports;
    const owned = this.owned.get(owner) ?? 0;
    if (this.leases.size >= limits.names || owned >= limits.namesPerSandbox || !this.hasAddresses) {
      report({ kind: 'too-many', sandboxId: owner, name });
      return null;
    }
    try {
      const address = this.addresses.assign(name, nowMs());
      const lease: Lease = { name, address, owner, askers: new Set(), ports: [], isOpen: false, askedAtMs: nowMs() };
      this.leases.set(name, lease);
      this.owned.set(owner, owned + 1);
      return lease;
    } catch (error) {
      report({ kind: 'no-address', name, error });
      return null;
    }
  }

  /** Most names are listened for already: thousands of them must cost next to nothing. */
  private async listen(lease: Lease, ports: readonly number[]): Promise<void> {
    const { name, address } = lease;
    if (lease.isOpen && isSame(lease.ports, ports)) return;
    lease.ports = ports;
    const failures = await this.ports.listeners.open(routesOf({ name, address, ports }));
    for (const failure of failures) this.ports.report({ kind: 'not-listening', failure });
    lease.isOpen = failures.length === 0;
  }
}

/** Of ports in ascending order. */
function isSame(first: readonly number[], second: readonly number[]): boolean {
  return first.length === second.length && first.every((port, index) => port === second[index]);
}

function routesOf({ name, address, ports }: Pick<Lease, 'name' | 'address' | 'ports'>): readonly OutsideRoute[] {
  return ports.map((port) => ({ name, address, port }));
}

function union(first: readonly number[], second: readonly number[]): readonly number[] {
  return [...new Set([...first, ...second])].sort((one, other) => one - other);
}
