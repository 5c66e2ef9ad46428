import { Turns } from '#libs/async/turns.js';
import type { AliasName, NetworkId } from '#libs/contracts/ids.js';
import type { AddressPool } from '#libs/data-plane/data-plane.js';
import { createAddressPool, restoreAddressPool } from '#libs/data-plane/proxy/address-pool.js';
import { JournaledFile } from '../state/journaled-file.js';

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
  const file = new JournaledFile(path);
  const pool = await openPool(file, space, nowMs, onCorrupt);
  /** Aliases whose addresses changed since the last save: only these are written. */
  let changed = new Map<string, Owner>();
  const turns = new Turns();

  function change(networkId: NetworkId, alias: AliasName): void {
    changed.set(`${networkId}/${alias}`, { networkId, alias });
  }

  async function write(): Promise<void> {
    const saving = changed;
    if (saving.size === 0) return;
    changed = new Map();
    try {
      await file.save(
        () => pool.save(),
        () => pool.saveOf([...saving.values()]),
      );
    } catch (error) {
      changed = new Map([...saving, ...changed]);
      throw error;
    }
  }

  return {
    assign(networkId, alias) {
      const known = pool.addressOf(networkId, alias);
      if (known !== null) return known;
      const address = pool.assign(networkId, alias, nowMs());
      change(networkId, alias);
      return address;
    },
    addressOf: (networkId, alias) => pool.addressOf(networkId, alias),
    release(networkId, alias) {
      pool.release(networkId, alias, nowMs());
      change(networkId, alias);
    },
    isTaken: (address) => pool.isTaken(address),
    // One write at a time, each of what is so when its turn comes.
    save: () => turns.take(write),
  };
}

interface Owner {
  readonly networkId: NetworkId;
  readonly alias: AliasName;
}

async function openPool(
  file: JournaledFile,
  { range, reserved, isTaken }: AddressSpace,
  nowMs: () => number,
  onCorrupt: OnCorrupt,
): Promise<AddressPool> {
  const isKept = (address: string) => reserved.includes(address) || isTaken(address);
  try {
    const saved = await file.load();
    return saved === null
      ? createAddressPool(range, isKept)
      : restoreAddressPool(saved.value, range, isKept, saved.changes);
  } catch (error) {
    onCorrupt(await file.moveAside(new Date(nowMs())), error);
    return createAddressPool(range, isKept);
  }
}
