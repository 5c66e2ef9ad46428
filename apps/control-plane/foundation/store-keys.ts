import { X509Certificate } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { type BusAuthority, loadBusAuthority } from '#libs/bus/authority.js';
import { loadTopologySigner, TOPOLOGY_KEY_FILE, type TopologySigner } from '#libs/bus/signing.js';
import { CodedError } from '#libs/contracts/errors.js';
import type { CertificateAuthority } from '#libs/mesh/certificates.js';
import { MESH_AUTHORITY_FILE, openMeshAuthority } from './mesh-authority.js';

/** The keys folder belongs to another store: its agents would refuse what these keys sign. */
export class KeysOfAnotherStoreError extends CodedError {
  constructor(keysFolder: string, files: readonly string[]) {
    super(
      'KEYS_OF_ANOTHER_STORE',
      `the keys in ${keysFolder} are not those that this database was used with (${files.join(', ')}): ` +
        'its agents would refuse what they sign',
      'put back the keys folder that was kept with this database, or the database that was kept with these keys',
    );
  }
}

/** The public keys that identify a store. */
export interface StoreKeys {
  readonly bus: BusAuthority;
  readonly topology: TopologySigner;
  readonly mesh: CertificateAuthority;
}

type PublicKeys = { readonly [file: string]: string };

/** The row of this key was named before rows were named after their files. */
const ROWS: PublicKeys = { [TOPOLOGY_KEY_FILE]: 'topology' };

/**
 * Opens the store's keys, making missing ones. The database remembers the keys of its first start, and a start with
 * others is refused: otherwise new keys would silently replace those of a lost folder. A database that is older than
 * its keys folder is handled by SeenHead. Errors: KeysOfAnotherStoreError, KeyFileUnusableError.
 */
export async function openStoreKeys(database: DataSource, keysFolder: string, now: Date): Promise<StoreKeys> {
  const keys = {
    bus: loadBusAuthority(keysFolder),
    topology: loadTopologySigner(keysFolder),
    mesh: await openMeshAuthority(keysFolder, now),
  };
  const publicKeys: PublicKeys = {
    ...keys.bus.publicKeys,
    [TOPOLOGY_KEY_FILE]: keys.topology.publicKey,
    [MESH_AUTHORITY_FILE]: publicKeyOf(keys.mesh),
  };
  await refuseOthers(database, publicKeys, keysFolder);
  for (const [file, publicKey] of Object.entries(publicKeys)) {
    await database.query(
      'INSERT INTO store_keys (purpose, public_key) VALUES ($1, $2) ON CONFLICT (purpose) DO NOTHING',
      [rowOf(file), publicKey],
    );
  }
  // Another control plane may have made the rows at the same moment.
  await refuseOthers(database, publicKeys, keysFolder);
  return keys;
}

async function refuseOthers(database: DataSource, publicKeys: PublicKeys, keysFolder: string): Promise<void> {
  const rows: readonly { readonly purpose: string; readonly public_key: string }[] = await database.query(
    'SELECT purpose, public_key FROM store_keys',
  );
  const known = new Map(rows.map((row) => [row.purpose, row.public_key]));
  const others = Object.keys(publicKeys).filter((file) => {
    const before = known.get(rowOf(file));
    return before !== undefined && before !== publicKeys[file];
  });
  if (others.length > 0) throw new KeysOfAnotherStoreError(keysFolder, others);
}

function rowOf(file: string): string {
  return ROWS[file] ?? file;
}

/** SPKI, DER, base64. */
function publicKeyOf({ certificate }: CertificateAuthority): string {
  return new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
}
