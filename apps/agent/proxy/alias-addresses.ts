import { Turns } from '#libs/async/turns.js';
import type { AliasName, NetworkId } from '#libs/contracts/ids.js';
import type { AddressPool } from '#libs/data-plane/data-plane.js';
import { createAddressPool, restoreAddressPool } from '#libs/data-plane/proxy/address-pool.js';
import { moveAside, readStateFile, writeStateFile } from '../state/state-file.js';

/** The addresses of this host's aliases: on disk before the first connection to one. */
export interface AliasAddresses {
  /** Error: ADDRESS_RANGE_EXHAUSTED. */
  assign(networkId: NetworkId, alias: AliasName): string;
  addressOf(networkId: NetworkId, alias: AliasName): string | null;
  release(networkId: NetworkId, alias: AliasName): void;
  /** Whether an address is an alias's, or was within ten minutes. */
  isTaken(address: string): boolean;
  /** Writes what changed since the last call. */
  save(): Promise<void>;
}

export interface AddressSpace {
  readonly range: string;
  /** Addresses of the range that no alias is given. */
  readonly reserved: readonly string[];
  /** Addresses of the range that others have. */
  readonly isTaken: (address: string) => boolean;
}

type OnCorrupt = (movedTo: string, error: unknown) => void;

/** Reads the file, or begins afresh when there is none or it cannot be used. */
export async function openAliasAddresses(
  path: string,
  space: AddressSpace,
  nowMs: () => number,
  onCorrupt: OnCorrupt,
): Promise<AliasAddresses> {
  const pool = await openPool(path, space, nowMs, onCorrupt);
  /** Counts changes of the pool, so that a look at it costs nothing while there is none. */
  let changes = 1;
  let saved = 0;
  const turns = new Turns();

  async function write(): Promise<void> {
    const upTo = changes;
    if (upTo === saved) return;
    await writeStateFile(path, pool.save());
    saved = upTo;
  }

  return {
    assign(networkId, alias) {
      const known = pool.addressOf(networkId, alias);
      if (known !== null) return known;
      changes += 1;
      return pool.assign(networkId, alias, nowMs());
    },
    addressOf: (networkId, alias) => pool.addressOf(networkId, alias),
    release(networkId, alias) {
      changes += 1;
      pool.release(networkId, alias, nowMs());
    },
    isTaken: (address) => pool.isTaken(address),
    // One write at a time, each of what is so when its turn comes.
    save: () => turns.take(write),
  };
}

async function openPool(
  path: string,
  { range, reserved, isTaken }: AddressSpace,
  nowMs: () => number,
  onCorrupt: OnCorrupt,
): Promise<AddressPool> {
  const isKept = (address: string) => reserved.includes(address) || isTaken(address);
  try {
    const saved = await readStateFile(path);
    return saved === null ? createAddressPool(range, isKept) : restoreAddressPool(saved, range, isKept);
  } catch (error) {
    onCorrupt(await moveAside(path, new Date(nowMs())), error);
    return createAddressPool(range, isKept);
  }
}
