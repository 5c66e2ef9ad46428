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
 * The pool that `save` returned, with `changes` from `saveOf` since then, the oldest first. Addresses that are outside
 * the range or kept are released. Errors: InvalidInputError if a value is from neither (begin with an empty pool then),
 * or for an invalid range.
 */
export function restoreAddressPool(
  saved: unknown,
  range: string,
  isKept: IsKept = () => false,
  changes: readonly unknown[] = [],
): AddressPool {
  const parsed = parseAddressRange(range, 'GLOBALSTACKS_AGENT_MESH_PROXY_BIND');
  const inside = lastOfEach([saved, ...changes].flatMap(parseHoldings)).filter(
    ({ address }) => isAssignable(parsed, addressNumber(address) - parsed.first) && !isKept(address),
  );
  return new RangePool(parsed, isKept, inside);
}

class RangePool implements AddressPool {
  private readonly holdings: RangeHoldings<Owner>;

  constructor(range: AddressRange, isKept: IsKept, holdings: readonly Holding<Owner>[]) {
    this.holdings = new RangeHoldings(range, isKept, keyOf);
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
    return savedForm(this.holdings.all());
  }

  saveOf(aliases: readonly Owner[]): unknown {
    return savedForm(aliases.flatMap((owner) => this.holdings.of(owner) ?? []));
  }
}

function keyOf({ networkId, alias }: Owner): string {
  return `${networkId}/${alias}`;
}

function savedForm(holdings: readonly Holding<Owner>[]): unknown {
  return {
    format: FORMAT,
    holdings: holdings.map(({ owner, address, restsUntilMs }) => ({ ...owner, ...{ address, restsUntilMs } })),
  };
}

/** Of each alias the last holding. A resting address that a later holding gives to another alias is no longer held. */
function lastOfEach(holdings: readonly Holding<Owner>[]): readonly Holding<Owner>[] {
  const byKey = new Map<string, Holding<Owner>>();
  const restingAt = new Map<string, string>();
  for (const holding of holdings) {
    const key = keyOf(holding.owner);
    const rested = restingAt.get(holding.address);
    if (rested !== undefined && rested !== key) byKey.delete(rested);
    byKey.set(key, holding);
    if (holding.restsUntilMs === null) restingAt.delete(holding.address);
    else restingAt.set(holding.address, key);
  }
  return [...byKey.values()];
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
