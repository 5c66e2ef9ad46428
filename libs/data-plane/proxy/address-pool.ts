import { isIPv4 } from 'node:net';
import { InvalidInputError } from '#libs/contracts/errors.js';
import { type AliasName, type NetworkId, parseAliasName, parseNetworkId } from '#libs/contracts/ids.js';
import type { AddressPool } from '../data-plane.js';
import { type AddressRange, addressNumber, isAssignable, parseAddressRange } from './address-range.js';
import { type Holding, RangeHoldings } from './range-holdings.js';

const FORMAT = 1;

interface Owner {
  readonly networkId: NetworkId;
  readonly alias: AliasName;
}

type IsKept = (address: string) => boolean;

/**
 * An empty pool over `range`: a CIDR block, or a single address that all aliases share. `isKept` addresses are never
 * assigned. Error: InvalidInputError for an invalid range.
 */
export function createAddressPool(range: string, isKept: IsKept = () => false): AddressPool {
  return new RangePool(parseAddressRange(range, 'GLOBALSTACKS_AGENT_MESH_PROXY_BIND'), isKept, []);
}

/**
 * The pool that `save` returned. Addresses that are outside the range or kept are released. Errors: InvalidInputError
 * if `saved` is not from `save` (begin with an empty pool then), or for an invalid range.
 */
export function restoreAddressPool(saved: unknown, range: string, isKept: IsKept = () => false): AddressPool {
  const parsed = parseAddressRange(range, 'GLOBALSTACKS_AGENT_MESH_PROXY_BIND');
  const inside = parseHoldings(saved).filter(
    ({ address }) => isAssignable(parsed, addressNumber(address) - parsed.first) && !isKept(address),
  );
  return new RangePool(parsed, isKept, inside);
}

class RangePool implements AddressPool {
  private readonly holdings: RangeHoldings<Owner>;

  constructor(range: AddressRange, isKept: IsKept, holdings: readonly Holding<Owner>[]) {
    this.holdings = new RangeHoldings(range, isKept, ({ networkId, alias }) => `${networkId}/${alias}`);
    for (const holding of holdings) this.holdings.hold(holding);
  }

  assign(networkId: NetworkId, alias: AliasName, nowMs: number): string {
    return this.holdings.assign({ networkId, alias }, nowMs);
  }

  addressOf(networkId: NetworkId, alias: AliasName): string | null {
    return this.holdings.addressOf({ networkId, alias });
  }

  release(networkId: NetworkId, alias: AliasName, nowMs: number): void {
    this.holdings.release({ networkId, alias }, nowMs);
  }

  isTaken(address: string): boolean {
    return this.holdings.isTaken(address);
  }

  save(): unknown {
    const holdings = this.holdings.all().map(({ owner, address, restsUntilMs }) => ({
      ...owner,
      ...{ address, restsUntilMs },
    }));
    return { format: FORMAT, holdings };
  }
}

function parseHoldings(saved: unknown): Holding<Owner>[] {
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
    const owner = {
      networkId: parseNetworkId(networkId, 'saved networkId'),
      alias: parseAliasName(alias, 'saved alias'),
    };
    return { owner, address, restsUntilMs };
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
