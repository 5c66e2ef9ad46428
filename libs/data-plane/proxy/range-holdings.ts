import { createHash } from 'node:crypto';
import { CodedError } from '#libs/contracts/errors.js';
import { type AddressRange, addressText, isAssignable } from './address-range.js';

/** A released address is not reused for this long, so that a name that a client has cached does not lead elsewhere. */
export const ADDRESS_REST_MS = 10 * 60_000;

/** Every address of the range is assigned, or was released too recently. */
export class AddressRangeExhaustedError extends CodedError {
  constructor(range: AddressRange, resting: number) {
    super(
      'ADDRESS_RANGE_EXHAUSTED',
      `every proxy address of ${range.text} is in use${resting > 0 ? ` (${resting} were freed in the last ten minutes and are not reused yet)` : ''}`,
      'give GLOBALSTACKS_AGENT_MESH_PROXY_BIND a larger range, or remove aliases and egress rules that are not used',
    );
  }
}

export interface Holding<Owner> {
  readonly owner: Owner;
  readonly address: string;
  /** null: assigned; otherwise when it may be assigned to another owner. */
  restsUntilMs: number | null;
}

/**
 * Addresses of a range, each held by one owner. The search begins at a position derived from the owner's key, so even
 * an agent that lost its state mostly assigns the same addresses. `isKept` addresses are never assigned.
 */
export class RangeHoldings<Owner> {
  private readonly byKey = new Map<string, Holding<Owner>>();
  private readonly byAddress = new Map<string, Holding<Owner>>();

  constructor(
    private readonly range: AddressRange,
    private readonly isKept: (address: string) => boolean,
    private readonly keyOf: (owner: Owner) => string,
  ) {}

  /** Error: AddressRangeExhaustedError. */
  assign(owner: Owner, nowMs: number): string {
    const held = this.byKey.get(this.keyOf(owner));
    if (held !== undefined) {
      held.restsUntilMs = null;
      return held.address;
    }
    const address = this.free(this.keyOf(owner), nowMs);
    this.hold({ owner, address, restsUntilMs: null });
    return address;
  }

  addressOf(owner: Owner): string | null {
    const held = this.byKey.get(this.keyOf(owner));
    return held === undefined || held.restsUntilMs !== null ? null : held.address;
  }

  /** Releases the address; another owner may have it ten minutes later. */
  release(owner: Owner, nowMs: number): void {
    const held = this.byKey.get(this.keyOf(owner));
    if (held !== undefined && held.restsUntilMs === null) held.restsUntilMs = nowMs + ADDRESS_REST_MS;
  }

  /** Whether an address is assigned, or released less than ten minutes ago. */
  isTaken(address: string): boolean {
    return this.byAddress.has(address);
  }

  hold(holding: Holding<Owner>): void {
    this.byKey.set(this.keyOf(holding.owner), holding);
    this.byAddress.set(holding.address, holding);
  }

  /** Assigned or resting. */
  of(owner: Owner): Holding<Owner> | null {
    return this.byKey.get(this.keyOf(owner)) ?? null;
  }

  all(): readonly Holding<Owner>[] {
    return [...this.byKey.values()];
  }

  private free(key: string, nowMs: number): string {
    const { first, size } = this.range;
    if (size === 1) return addressText(first);
    const start = createHash('sha256').update(key).digest().readUInt32BE(0) % size;
    for (let step = 0; step < size; step += 1) {
      const offset = (start + step) % size;
      if (!isAssignable(this.range, offset)) continue;
      const address = addressText(first + offset);
      if (this.isKept(address)) continue;
      const holder = this.byAddress.get(address);
      if (holder === undefined) return address;
      if (holder.restsUntilMs !== null && holder.restsUntilMs <= nowMs) {
        this.byKey.delete(this.keyOf(holder.owner));
        return address;
      }
    }
    const resting = [...this.byKey.values()].filter(({ restsUntilMs }) => restsUntilMs !== null).length;
    throw new AddressRangeExhaustedError(this.range, resting);
  }
}
