import type { DataSource } from 'typeorm';
import { fingerprint, keysThatFollow } from '#libs/audit/key-succession.js';
import { type BusAuthority, loadBusAuthority } from '#libs/bus/authority.js';
import { KeyFiles, RESTORE_KEYS } from '#libs/bus/key-files.js';
import { TOPOLOGY_KEY_FILE } from '#libs/bus/signing.js';
import { CodedError } from '#libs/contracts/errors.js';
import { type StoreKey, type TrustedKeys } from '#libs/contracts/store-keys.js';
import { foldStored, streamOf } from '#libs/domain/aggregate.js';
import { STORE_KEY } from '#libs/domain/store-key/aggregate.js';
import type { StoreKeyState } from '#libs/domain/store-key/state.js';
import type { EventStore } from '#libs/event-store/event-store.js';
import { KeySuccessions } from './key-successions.js';
import { MESH_AUTHORITY_FILE, MeshAuthorities } from './mesh-authority.js';
import { SigningKeys } from './signing-keys.js';

/** The keys folder belongs to another store: its agents would refuse what these keys sign. */
export class KeysOfAnotherStoreError extends CodedError {
  constructor(keysFolder: string, files: readonly string[]) {
    super(
      'KEYS_OF_ANOTHER_STORE',
      `the keys in ${keysFolder} do not belong to this database (${files.join(', ')}): ` +
        'its agents would refuse what they sign',
      'restore the keys folder that belongs to this database, or the database that belongs to these keys',
    );
  }
}

type PublicKeys = { readonly [file: string]: string };

/** The row of this key was named before rows were named after their files. */
const ROWS: PublicKeys = { [TOPOLOGY_KEY_FILE]: 'topology' };

const FILES: { readonly [key in StoreKey]: string } = { signing: TOPOLOGY_KEY_FILE, mesh: MESH_AUTHORITY_FILE };

/** The keys of a store: those of the keys folder, as far as the log has put them to use. */
export class StoreKeys {
  private known: TrustedKeys | null = null;

  private constructor(
    readonly bus: BusAuthority,
    readonly topology: SigningKeys,
    readonly mesh: MeshAuthorities,
    readonly successions: KeySuccessions,
    private readonly first: PublicKeys,
  ) {}

  /**
   * Opens the store's keys, making missing ones. The database remembers the keys of its first start, and a start with
   * others is refused unless a signature leads from those to these: otherwise new keys would silently replace those of
   * a lost folder. A database that is older than its keys folder is handled by SeenHead. Errors:
   * KeysOfAnotherStoreError, KeyFileUnusableError.
   */
  static async open(database: DataSource, store: EventStore, keysFolder: string, now: Date): Promise<StoreKeys> {
    const files = new KeyFiles(keysFolder, RESTORE_KEYS);
    const successions = new KeySuccessions(files);
    const bus = loadBusAuthority(keysFolder);
    const topology = await SigningKeys.open(files, successions);
    const mesh = await MeshAuthorities.open(files, successions, now);
    const states = { signing: await stateOf(store, 'signing'), mesh: await stateOf(store, 'mesh') };
    const own: PublicKeys = {
      ...bus.publicKeys,
      [FILES.signing]: topology.publicKey,
      [FILES.mesh]: mesh.publicKey,
    };
    const rotated = { signing: topology, mesh };
    const follows = (file: string, before: string): boolean => {
      const key = keyOf(file);
      if (key === null) return false;
      const { publicKey, nextPublicKey } = rotated[key];
      const state = states[key];
      // A key that the log has put to use may still wait in the file of the next one.
      if (state !== null && (state.inUse === publicKey || state.inUse === nextPublicKey)) return true;
      return keysThatFollow(key, [state?.inUse ?? before], successions.all).has(publicKey);
    };
    await refuseOthers(database, own, keysFolder, follows);
    for (const [file, publicKey] of Object.entries(own)) {
      await database.query(
        'INSERT INTO store_keys (purpose, public_key) VALUES ($1, $2) ON CONFLICT (purpose) DO NOTHING',
        [rowOf(file), publicKey],
      );
    }
    // Another control plane may have made the rows at the same moment.
    const first = await refuseOthers(database, own, keysFolder, follows);
    const keys = new StoreKeys(bus, topology, mesh, successions, first);
    await keys.follow('signing', states.signing);
    await keys.follow('mesh', states.mesh);
    return keys;
  }

  /** Goes on as the log says of this key. */
  async follow(key: StoreKey, state: StoreKeyState | null): Promise<void> {
    if (key === 'mesh') await this.mesh.follow(state);
    else await this.topology.follow(state, this.first[FILES.signing] ?? this.topology.publicKey);
    this.known = null;
  }

  /** What every member is to trust. Kept until a key follows, because each heartbeat is answered with it. */
  get trusted(): TrustedKeys {
    this.known ??= {
      signing: this.topology.fingerprints,
      mesh: this.mesh.fingerprints,
      issuer: fingerprint(this.mesh.publicKey),
    };
    return this.known;
  }
}

async function stateOf(store: EventStore, key: StoreKey): Promise<StoreKeyState | null> {
  return foldStored(STORE_KEY, null, await store.readStream(streamOf(STORE_KEY, key)));
}

function keyOf(file: string): StoreKey | null {
  if (file === FILES.signing) return 'signing';
  return file === FILES.mesh ? 'mesh' : null;
}

/** The public keys of the database's first start, by file. */
async function refuseOthers(
  database: DataSource,
  publicKeys: PublicKeys,
  keysFolder: string,
  follows: (file: string, before: string) => boolean,
): Promise<PublicKeys> {
  const rows: readonly { readonly purpose: string; readonly public_key: string }[] = await database.query(
    'SELECT purpose, public_key FROM store_keys',
  );
  const known = new Map(rows.map((row) => [row.purpose, row.public_key]));
  const others = Object.keys(publicKeys).filter((file) => {
    const before = known.get(rowOf(file));
    return before !== undefined && before !== publicKeys[file] && !follows(file, before);
  });
  if (others.length > 0) throw new KeysOfAnotherStoreError(keysFolder, others);
  return Object.fromEntries(Object.keys(publicKeys).map((file) => [file, known.get(rowOf(file)) ?? '']));
}

function rowOf(file: string): string {
  return ROWS[file] ?? file;
}
