import { createHash } from 'node:crypto';
import { isIPv4 } from 'node:net';
import { CodedError, InvalidInputError } from '#libs/contracts/errors.js';
import { type AliasName, type NetworkId, parseAliasName, parseNetworkId } from '#libs/contracts/ids.js';
import type { AddressPool } from '../data-plane.js';
import { type AddressRange, addressNumber, addressText, isAssignable, parseAddressRange } from './address-range.js';

/** A name that a client has cached must not lead to another alias meanwhile. */
export const ADDRESS_REST_MS = 10 * 60_000;

const FORMAT = 1;

/** Every address of the range is assigned or resting. */
export class AddressRangeExhaustedError extends CodedError {
  constructor(range: AddressRange, resting: number) {
    super(
      'ADDRESS_RANGE_EXHAUSTED',
      `every address of ${range.text} is taken${resting > 0 ? ` (${resting} rest for up to ten minutes)` : ''}`,
      'give GLOBALSTACKS_AGENT_MESH_PROXY_BIND a larger range, or remove aliases that are not used',
    );
  }
}

interface Holding {
  readonly networkId: NetworkId;
  readonly alias: AliasName;
  readonly address: string;
  /** null: assigned; otherwise when it may be given to another alias. */
  restsUntilMs: number | null;
}

/**
 * An empty pool over `range`: a CIDR block, or one address that every alias then shares. An alias begins looking at
 * a place that follows from its name, so that even an agent that lost its state mostly gives the same addresses.
 * `reserved` addresses are given to none.
 * Error: InvalidInputError for a range that is none.
 */
export function createAddressPool(range: string, reserved: readonly string[] = []): AddressPool {
  return new RangePool(parseAddressRange(range, 'GLOBALSTACKS_AGENT_MESH_PROXY_BIND'), new Set(reserved), []);
}

/**
 * A pool as `save` left it; addresses outside the range, and reserved ones, are let go of. Errors: InvalidInputError when `saved` was
 * not written by `save` (begin with an empty pool then), or for a range that is none.
 */
export function restoreAddressPool(saved: unknown, range: string, reserved: readonly string[] = []): AddressPool {
  const parsed = parseAddressRange(range, 'GLOBALSTACKS_AGENT_MESH_PROXY_BIND');
  const kept = new Set(reserved);
  const inside = parseHoldings(saved).filter(
    ({ address }) => isAssignable(parsed, addressNumber(address) - parsed.first) && !kept.has(address),
  );
  return new RangePool(parsed, kept, inside);
}

class RangePool implements AddressPool {
  private readonly range: AddressRange;
  private readonly byAlias = new Map<string, Holding>();
  private readonly byAddress = new Map<string, Holding>();

  constructor(
    range: AddressRange,
    private readonly reserved: ReadonlySet<string>,
    holdings: readonly Holding[],
  ) {
    this.range = range;
    for (const holding of holdings) this.hold(holding);
  }

  assign(networkId: NetworkId, alias: AliasName, nowMs: number): string {
    const held = this.byAlias.get(key(networkId, alias));
    if (held !== undefined) {
      held.restsUntilMs = null;
      return held.address;
    }
    const address = this.free(key(networkId, alias), nowMs);
    this.hold({ networkId, alias, address, restsUntilMs: null });
    return address;
  }

  addressOf(networkId: NetworkId, alias: AliasName): string | null {
    const held = this.byAlias.get(key(networkId, alias));
    return held === undefined || held.restsUntilMs !== null ? null : held.address;
  }

  release(networkId: NetworkId, alias: AliasName, nowMs: number): void {
    const held = this.byAlias.get(key(networkId, alias));
    if (held !== undefined && held.restsUntilMs === null) held.restsUntilMs = nowMs + ADDRESS_REST_MS;
  }

  save(): unknown {
    return { format: FORMAT, holdings: [...this.byAlias.values()].map((holding) => ({ ...holding })) };
  }

  private hold(holding: Holding): void {
    this.byAlias.set(key(holding.networkId, holding.alias), holding);
    this.byAddress.set(holding.address, holding);
  }

  private free(owner: string, nowMs: number): string {
    const { first, size } = this.range;
    if (size === 1) return addressText(first);
    const start = createHash('sha256').update(owner).digest().readUInt32BE(0) % size;
    for (let step = 0; step < size; step += 1) {
      const offset = (start + step) % size;
      if (!isAssignable(this.range, offset)) continue;
      const address = addressText(first + offset);
      if (this.reserved.has(address)) continue;
      const holder = this.byAddress.get(address);
      if (holder === undefined) return address;
      if (holder.restsUntilMs !== null && holder.restsUntilMs <= nowMs) {
        this.byAlias.delete(key(holder.networkId, holder.alias));
        return address;
      }
    }
    const resting = [...this.byAlias.values()].filter(({ restsUntilMs }) => restsUntilMs !== null).length;
    throw new AddressRangeExhaustedError(this.range, resting);
  }
}

function key(networkId: NetworkId, alias: AliasName): string {
  return `${networkId}/${alias}`;
}

function parseHoldings(saved: unknown): Holding[] {
  if (!isRecord(saved) || saved.format !== FORMAT || !Array.isArray(saved.holdings)) {
    throw new InvalidInputError('saved addresses', saved, `what format ${FORMAT} holds`);
  }
  return saved.holdings.map((holding: unknown) => {
    if (!isRecord(holding)) throw new InvalidInputError('saved address', holding, 'an object');
    const { networkId, alias, address, restsUntilMs } = holding;
    if (typeof address !== 'string' || !isIPv4(address)) {
      throw new InvalidInputError('saved address', address, 'an IPv4 address');
    }
    if (restsUntilMs !== null && typeof restsUntilMs !== 'number') {
      throw new InvalidInputError('saved restsUntilMs', restsUntilMs, 'a time in milliseconds or null');
    }
    return {
      networkId: parseNetworkId(networkId, 'saved networkId'),
      alias: parseAliasName(alias, 'saved alias'),
      address,
      restsUntilMs,
    };
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
